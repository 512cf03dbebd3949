"""The harness's side of its worker processes: start, send a job, listen, kill."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

import msgspec

from benchsuite.errors import UsageError
from benchsuite.hooks import Plugins
from benchsuite.processes.channel import Channel, NonsenseError
from benchsuite.processes.kernel import IS_LINUX, adopt_orphans
from benchsuite.processes.logs import cut_log
from benchsuite.processes.messages import Began, Broke, Ended, Event, Job
from benchsuite.processes.monitor import LOOK_S, FloodError, Monitor
from benchsuite.processes.process_tree import MARK, ProcessTree, new_mark
from benchsuite.processes.settings import MEMORY_LIMIT, worker_environment
from benchsuite.records.writing import written

#: For a process that was killed: one that the kernel cannot end is left behind.
_LONGEST_DEATH_S = 20.0


class WorkerTimeoutError(Exception):
    """A worker said nothing more within its time."""


class Worker:
    """One worker process, which imports a framework and then does jobs.

    The thread that makes it must live as long: with that thread, the process ends.
    """

    def __init__(
        self,
        command: list[str],
        environment: dict[str, str],
        log: IO[bytes],
        memory_limit_bytes: int | None = None,
    ) -> None:
        mark = new_mark()
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            command,
            env={**environment, MARK: mark},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("a worker is started with pipes for its jobs and its events")
        self._jobs = self._process.stdin
        self._channel = Channel(self._process.stdout)
        self._tree = ProcessTree(self._process.pid, mark)
        self._memory_limit_bytes = memory_limit_bytes
        self._is_over = False

    def events(self, job: Job, deadline: float) -> Iterator[Event]:
        """Send a job and yield what the worker says of it, up to how its process ended.

        Sleeps until something is said, but for one look a second at the size of the log and,
        under a limit, at the job's memory. Raises WorkerTimeoutError at `deadline`
        (`time.monotonic`). Nothing that the job started outlives it.
        """
        monitor = Monitor(Path(job.log), self._memory_limit_bytes)
        try:
            self._send(job)
            while True:
                event = self._listen(deadline, monitor)
                if isinstance(event, Began):
                    self._tree.add_job(event.pid)
                yield from monitor.heard(event)
                if isinstance(event, Ended):
                    break
            self._tree.end_job()
            self._channel.clear()
        except (NonsenseError, FloodError) as error:
            self.kill()
            cut_log(monitor.log)
            yield Broke("failed", str(error))
        except BaseException:
            self.kill()
            raise

    def alive(self) -> bool:
        """Whether it can take another job."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End the worker, its job and every process that they started."""
        if self._is_over:
            return  # its number may be another's by now
        self._is_over = True
        self._tree.end()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_LONGEST_DEATH_S)
        self._tree.reap()
        self._channel.close()
        with suppress(BrokenPipeError):
            self._jobs.close()

    def _send(self, job: Job) -> None:
        with suppress(BrokenPipeError):  # its end is told by `_listen`
            self._jobs.write(msgspec.json.encode(job) + b"\n")
            self._jobs.flush()

    def _listen(self, deadline: float, monitor: Monitor) -> Event:
        """The next event. A dead worker whose pipe is still held by another has ended too."""
        while (event := self._channel.event()) is None:
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                raise WorkerTimeoutError
            heard = self._channel.wait(min(left_s, LOOK_S))
            if self._channel.is_closed or not (heard or self.alive()):
                return self._channel.end(self._returncode(left_s))
            monitor.look()
        return event

    def _returncode(self, left_s: float) -> int:
        """How it ended. One that has closed its pipe and goes on is waited for."""
        try:
            return self._process.wait(left_s)
        except subprocess.TimeoutExpired as error:
            raise WorkerTimeoutError from error


class WorkerPool:
    """Starts workers, and keeps those that fork: one for each backend and environment.

    memory_limit_bytes: of each process of each worker. Raises UsageError where the system has
    no such limit.
    """

    def __init__(self, plugins: Plugins, memory_limit_bytes: int | None = None) -> None:
        if memory_limit_bytes is not None and not IS_LINUX:
            raise UsageError("--memory-limit needs Linux: leave it out on this system")
        self._plugins = plugins
        self._memory_limit_bytes = memory_limit_bytes
        self._parents: dict[tuple[str, int, bool], Worker] = {}
        # Workers are ended without a word, and frameworks leave files behind.
        self._scratch = TemporaryDirectory(prefix="benchsuite-", ignore_cleanup_errors=True)
        self._adopted_before = adopt_orphans()

    def close(self) -> None:
        """End every worker that is kept."""
        for worker in self._parents.values():
            worker.kill()
        adopt_orphans(adopt=self._adopted_before)
        self._scratch.cleanup()

    def run(
        self, backend: str, job: Job, *, threads: int, tuned: bool, deadline: float
    ) -> Iterator[Event]:
        """Do one job in a process of its own and yield the events, `Ended` last.

        Where the worker cannot be started, or what it says or prints is beyond bearing, `Broke`
        comes last. Raises WorkerTimeoutError when `deadline` (`time.monotonic`) passes, and
        StorageError where the job's log cannot be written.
        """
        try:
            worker = self._worker(job, backend, threads, tuned=tuned)
        except OSError as error:
            yield Broke("failed", f"no process can be started for it: {error.strerror}")
            return
        yield from worker.events(job, deadline)
        if not job.fork:
            worker.kill()

    def _worker(self, job: Job, backend: str, threads: int, *, tuned: bool) -> Worker:
        """One for this job: where it forks, it is kept for the next ones."""
        Path(self._scratch.name).mkdir(exist_ok=True)  # an earlier case may have removed it
        key = (backend, threads, tuned)
        if not job.fork:
            return self._start(*key, Path(job.log))
        worker = self._parents.get(key)
        if worker is None or not worker.alive():
            if worker is not None:
                worker.kill()  # what it left behind
            worker = self._parents[key] = self._start(*key, Path(job.log))
        return worker

    def _start(self, backend: str, threads: int, tuned: bool, log: Path) -> Worker:
        target = self._plugins.backends[backend].target
        command = [sys.executable, "-m", "benchsuite.worker", backend]
        variables = worker_environment(target, threads, tuned=tuned)
        variables["TMPDIR"] = self._scratch.name
        if self._memory_limit_bytes is not None:
            variables[MEMORY_LIMIT] = str(self._memory_limit_bytes)
        command += self._plugins.unpackaged
        with written(log):
            file = log.open("ab")
        with file:
            return Worker(command, variables, file, self._memory_limit_bytes)
