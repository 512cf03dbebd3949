"""Worker processes on this machine: started, sent a job, listened to, killed."""

import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path

import msgspec

from benchsuite.hooks import Plugins
from benchsuite.measure.machine.competing import competing_processes
from benchsuite.measure.machine.energy import find_counter
from benchsuite.measure.machine.facts import default_threads, describe_environment
from benchsuite.measure.machine.host import Complaint, examine_host
from benchsuite.processes.channel import Channel, InvalidMessageError
from benchsuite.processes.interpreter import Interpreter, Interpreters
from benchsuite.processes.launcher import Host, HostFacts, WorkerTimeoutError
from benchsuite.processes.logs import cut_log
from benchsuite.processes.messages import Began, Ended, Event, Failed, Job
from benchsuite.processes.monitor import CHECK_S, FloodError, Monitor
from benchsuite.processes.settings import worker_environment
from benchsuite.records.writing import written

_MODULE = "benchsuite.worker.serve"
#: That are asked for a counter of energy: the driver's tool, which counts GPUs, may be missing.
_COUNTING = ("cpu", *(f"cuda:{index}" for index in range(16)))


class Worker:
    """One worker process, which imports a framework and then does jobs."""

    def __init__(self, process: Interpreter, memory_limit_bytes: int | None = None) -> None:
        self._process = process
        self._channel = Channel(process.output)
        self._memory_limit_bytes = memory_limit_bytes

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
                    self._process.tree.add_job(event.pid)
                yield from monitor.heard(event)
                if isinstance(event, Ended):
                    break
            self._process.tree.end_job()
            self._channel.clear()
        except (InvalidMessageError, FloodError) as error:
            self.kill()
            cut_log(monitor.log)
            flooded = isinstance(error, FloodError)
            yield Failed("flood" if flooded else "invalid_message", str(error))
        except BaseException:
            self.kill()
            raise

    def alive(self) -> bool:
        """Whether it can take another job."""
        return self._process.is_alive()

    def kill(self) -> None:
        """End the worker, its job and every process that they started."""
        self._process.kill()
        self._channel.close()

    def _send(self, job: Job) -> None:
        with suppress(BrokenPipeError):  # its end is told by `_listen`
            self._process.input.write(msgspec.json.encode(job) + b"\n")
            self._process.input.flush()

    def _listen(self, deadline: float, monitor: Monitor) -> Event:
        """The next event. A dead worker whose pipe is still held by another has ended too."""
        while (event := self._channel.event()) is None:
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                raise WorkerTimeoutError
            heard = self._channel.wait(min(left_s, CHECK_S))
            if self._channel.is_closed or not (heard or self.alive()):
                return self._channel.end(self._returncode(left_s))
            monitor.check()
        return event

    def _returncode(self, left_s: float) -> int:
        """How it ended. One that has closed its pipe and goes on is waited for."""
        try:
            return self._process.wait(left_s)
        except subprocess.TimeoutExpired as error:
            raise WorkerTimeoutError from error


class LocalHost:
    """This machine; looked at once, when it is first asked what it is."""

    @cached_property
    def facts(self) -> HostFacts:
        """What it is."""
        machine = describe_environment()
        return HostFacts(
            id=machine["host"],
            cpu=machine["cpu"],
            gpus=tuple(machine["gpus"]),
            default_threads=default_threads(),
            can_fork=sys.platform == "linux",
            energy_counters=tuple(one for one in _COUNTING if find_counter(one)),
            machine=machine,
        )

    def competing_processes(self, devices: Iterable[str]) -> Sequence[str]:
        """Who else is at work here; watches for two seconds."""
        return competing_processes(devices)

    def complaints(self) -> Sequence[Complaint]:
        """What makes figures uncertain here; watches for two seconds."""
        return examine_host()


class LocalLauncher:
    """Starts workers on this machine, and keeps those that fork: one for each backend.

    python: the interpreter of the environment whose packages they use.
    memory_limit_bytes: of each process of each worker; None for no limit.
    """

    def __init__(
        self,
        plugins: Plugins,
        *,
        python: str = sys.executable,
        memory_limit_bytes: int | None = None,
    ) -> None:
        self.host: Host = LocalHost()
        self._plugins = plugins
        self._interpreters = Interpreters(python, memory_limit_bytes)
        # A parent of forks serves jobs of the same variables alone.
        self._parents: dict[tuple[str, int, bool], Worker] = {}

    def close(self) -> None:
        """End every worker that is kept."""
        for worker in self._parents.values():
            worker.kill()
        self._interpreters.close()

    def run(
        self, backend: str, job: Job, *, threads: int, tuned: bool, left_s: float
    ) -> Iterator[Event]:
        """Do one job in a process of its own: see `Launcher.run`."""
        deadline = time.monotonic() + left_s
        try:
            worker = self._worker(job, backend, threads, tuned=tuned)
        except OSError as error:
            yield Failed("not_started", f"no process can be started for it: {error.strerror}")
            return
        yield from worker.events(job, deadline)
        if not job.fork:
            worker.kill()

    def _worker(self, job: Job, backend: str, threads: int, *, tuned: bool) -> Worker:
        """One for this job: where it forks, it is kept for the next ones."""
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
        variables = worker_environment(target, threads, tuned=tuned)
        arguments = [backend, *self._plugins.unpackaged]
        with written(log):
            file = log.open("ab")
        with file:
            process = self._interpreters.start(_MODULE, arguments, variables, file)
        return Worker(process, self._interpreters.memory_limit_bytes)
