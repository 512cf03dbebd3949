"""The harness's side of its worker processes: start, send a job, listen, kill."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

import msgspec

from benchsuite.hooks import Plugins
from benchsuite.run.environment import worker_environment
from benchsuite.run.messages import Began, Ended, Event, Job

_CHUNK_BYTES = 65536


class WorkerTimeoutError(Exception):
    """A worker said nothing more within its time."""


class Worker:
    """One worker process, which imports a framework and then does jobs."""

    def __init__(self, command: list[str], environment: dict[str, str], log: IO[bytes]) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            command,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
        self._buffer = b""
        self._job_pid: int | None = None

    def events(self, job: Job, deadline: float) -> Iterator[Event]:
        """Send a job and yield what the worker says of it, up to how its process ended.

        Blocks until something is said; never polls. Raises WorkerTimeoutError at `deadline`
        (`time.monotonic`), with everything that the job started killed.
        """
        self._send(job)
        try:
            while True:
                event = self._listen(deadline)
                if isinstance(event, Began):
                    self._job_pid = event.pid
                yield event
                if isinstance(event, Ended):
                    self._kill_job()
                    return
        except BaseException:
            self.kill()
            raise

    def alive(self) -> bool:
        """Whether it can take another job."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End the worker, its job and every process that they started."""
        self._kill_job()
        _kill_group(self._process.pid)
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with suppress(BrokenPipeError):
                    pipe.close()

    def _kill_job(self) -> None:
        """End what the job left running; it leads a process group of its own."""
        if self._job_pid is not None:
            _kill_group(self._job_pid)
            self._job_pid = None

    def _send(self, job: Job) -> None:
        if self._process.stdin is None:
            raise RuntimeError("a worker is started with a pipe for its jobs")
        with suppress(BrokenPipeError):  # its end is told by `_listen`
            self._process.stdin.write(msgspec.json.encode(job) + b"\n")
            self._process.stdin.flush()
            if not job.fork:
                self._process.stdin.close()

    def _listen(self, deadline: float) -> Event:
        if self._process.stdout is None:
            raise RuntimeError("a worker is started with a pipe for its events")
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while b"\n" not in self._buffer:
                left = deadline - time.monotonic()
                if left <= 0 or not selector.select(left):
                    raise WorkerTimeoutError
                chunk = os.read(self._process.stdout.fileno(), _CHUNK_BYTES)
                if not chunk:
                    return Ended(self._process.wait())
                self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        event: Event = msgspec.json.decode(line, type=Event)
        return event


class WorkerPool:
    """Starts workers, and keeps those that fork: one for each backend and environment."""

    def __init__(self, plugins: Plugins) -> None:
        self._plugins = plugins
        self._parents: dict[tuple[str, int, bool], Worker] = {}
        # Workers are ended without a word, and frameworks leave files behind.
        self._scratch = TemporaryDirectory(prefix="benchsuite-", ignore_cleanup_errors=True)

    def close(self) -> None:
        """End every worker that is kept."""
        for worker in self._parents.values():
            worker.kill()
        self._scratch.cleanup()

    def run(
        self, backend: str, job: Job, *, threads: int, tuned: bool, deadline: float
    ) -> Iterator[Event]:
        """Do one job in a process of its own and yield the events, `Ended` last.

        Raises WorkerTimeoutError when `deadline` (`time.monotonic`) passes.
        """
        key = (backend, threads, tuned)
        if not job.fork:
            worker = self._start(*key, Path(job.log))
            yield from worker.events(job, deadline)
            worker.kill()
            return
        parent = self._parents.get(key)
        if parent is None or not parent.alive():
            parent = self._parents[key] = self._start(*key, Path(job.log))
        yield from parent.events(job, deadline)

    def _start(self, backend: str, threads: int, tuned: bool, log: Path) -> Worker:
        target = self._plugins.backends[backend].target
        command = [sys.executable, "-m", "benchsuite.run.worker", backend]
        with log.open("ab") as file:
            variables = worker_environment(target, threads, tuned=tuned)
            variables["TMPDIR"] = self._scratch.name
            return Worker([*command, *self._plugins.unpackaged], variables, file)


def _kill_group(leader: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
