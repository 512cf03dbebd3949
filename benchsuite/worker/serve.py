"""A worker process: imports one framework, then does one job, or forks a child for each.

Started as `python -m benchsuite.worker BACKEND [PLUGIN …]`. Jobs come on standard
input, events go to what was standard output; whatever else the process or its libraries
print goes to the job's log. Forking after the first operation hangs in every framework, so
the parent of the forks imports and does nothing else.
"""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np
import psutil

from benchsuite.contract import Backend
from benchsuite.errors import StorageError
from benchsuite.hooks import Plugins, load_plugins
from benchsuite.measure.machine.facts import usable_cpus
from benchsuite.measure.machine.topology import by_core
from benchsuite.measure.machine.watch import Watch
from benchsuite.processes.failures import broke
from benchsuite.processes.kernel import adopt_orphans, die_with, go_first, limit_memory
from benchsuite.processes.messages import (
    Answered,
    BackendInspection,
    Began,
    Bounded,
    Done,
    Ended,
    Event,
    Found,
    Job,
    Ready,
    Sampled,
    Trained,
    Unwritable,
)
from benchsuite.processes.process_tree import MARK, harness_of
from benchsuite.processes.settings import MEMORY_LIMIT
from benchsuite.records import Ceiling, Epoch
from benchsuite.records.series import Series
from benchsuite.records.writing import written
from benchsuite.worker.tasks import TASKS, TaskContext, import_for, plain

#: Seconds between two words about training.
_TOLD_EVERY_S = 5.0
#: proc(5): `starttime`, the 22nd field of a process's `stat`, behind its number and name.
_START_TIME = 22 - 3


class _Speaker:
    """Sends events over what was standard output."""

    def __init__(self) -> None:
        self._file: BinaryIO = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)

    def say(self, event: Event) -> None:
        # Another may have been killed in the middle of its word: this one begins a line.
        self._file.write(b"\n" + msgspec.json.encode(event) + b"\n")
        self._file.flush()


def main() -> None:
    """Serve jobs until standard input ends."""
    _settle()
    speaker, started = _Speaker(), Watch()
    cpus = by_core(
        usable_cpus()
    )  # before the import: some libraries bind the thread that imports them
    name, *unpackaged = sys.argv[1:]
    try:
        plugins = load_plugins(unpackaged)
        backend: Backend = plugins.backends[name].load()()
    except BaseException as error:  # noqa: BLE001 - a framework's import may fail in any way
        traceback.print_exc()
        speaker.say(broke(error))
        return
    import_s = _age_s()
    speaker.say(Ready(import_s))
    worker = _Worker(plugins, backend, speaker, cpus)
    for line in sys.stdin.buffer:
        job = msgspec.json.decode(line, type=Job)
        code = 0
        if job.fork:
            code = worker.fork(job)
        else:
            worker.do(job, started, import_s)
        # The harness ends this process while it is there: what a job left is found below it.
        speaker.say(Ended(code))
    os._exit(0)  # the frameworks' own clean-up takes up to two seconds


@dataclass(frozen=True)
class _Worker:
    """What stays the same from job to job."""

    plugins: Plugins
    backend: Backend
    speaker: _Speaker
    cpus: Sequence[int]

    def fork(self, job: Job) -> int:
        """Do a job in a child of this process, and return its exit code."""
        if job.case is not None:
            with suppress(Exception):  # the child meets it too, and tells
                import_for(job.task, job.case, self.plugins)
        _reap()
        server, pid = os.getpid(), os.fork()
        if pid == 0:
            code = 1
            try:
                os.setsid()
                die_with(server)
                self.do(job, Watch(), None)
                code = 0
            finally:
                os._exit(code)  # no clean-up of the parent's objects, no threads to wait for
        _, status = os.waitpid(pid, 0)
        return os.waitstatus_to_exitcode(status)

    def do(self, job: Job, started: Watch, import_s: float | None) -> None:
        """Do one job and tell everything it finds; an exception ends it with its reason."""
        self.speaker.say(Began(os.getpid()))
        try:
            with written(Path(job.log)):
                _redirect_output(job.log)
            for event in self._events(job, started, import_s):
                self.speaker.say(event)
            self.speaker.say(Done())
        except StorageError as error:
            self.speaker.say(Unwritable(str(error)))
        except BaseException as error:  # noqa: BLE001 - the case's own failure, whatever it is
            traceback.print_exc()
            sys.stderr.flush()
            self.speaker.say(broke(error))

    def _events(self, job: Job, started: Watch, import_s: float | None) -> Iterator[Event]:
        if job.case is None:
            yield _look(self.backend)
            return
        cpus = self.cpus[: job.case.threads]
        _bind(cpus)
        task = TaskContext(
            job.task,
            job.case,
            self.plugins,
            self.backend,
            job.files,
            inference_batch_sizes=job.inference_batch_sizes,
            backed_off=job.backed_off,
            cpus=cpus,
            import_s=import_s,
            getting_ready=started,
            tell=_Herald(self.speaker),
            announce=self.speaker.say,
        )
        for found in TASKS[job.task](task):
            match found:
                case Series():
                    yield Sampled(found)
                case np.ndarray():
                    yield Answered(found.tolist())
                case Ceiling():
                    yield Bounded(found)
                case _:
                    yield Found(found)


class _Herald:
    """Says how training goes on, and not so often that the harness is in the way of it."""

    def __init__(self, speaker: _Speaker) -> None:
        self._speaker = speaker
        self._last = time.monotonic()

    def __call__(self, number: int, epoch: Epoch) -> None:
        now = time.monotonic()
        if now - self._last >= _TOLD_EVERY_S:
            self._last = now
            self._speaker.say(Trained(number, epoch))


def _settle() -> None:
    """Outlive nobody, be the first to go where memory is full, and keep to the limit."""
    die_with(harness_of(os.environ[MARK]))
    go_first()
    adopt_orphans()
    limit = os.environ.get(MEMORY_LIMIT)
    if limit:
        limit_memory(int(limit))


def _reap() -> None:
    """Take leave of what jobs left behind, and the harness has killed."""
    with suppress(ChildProcessError):
        while hasattr(os, "WNOHANG") and os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _look(backend: Backend) -> BackendInspection:
    return BackendInspection(
        versions=plain(backend.versions()),
        devices=tuple(backend.devices()),
        tiers=tuple(backend.tiers),
        precisions=tuple(backend.precisions),
    )


def _bind(cpus: Sequence[int]) -> None:
    """Keep this process, and every thread it will start, on these CPUs.

    A thread that is bound more closely already stays so: that is its library's own plan.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, os.sched_getaffinity(0) & set(cpus) or cpus)


def _redirect_output(log: str) -> None:
    target = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(target, 1)
    os.dup2(target, 2)
    os.close(target)


def _age_s() -> float:
    """Seconds since this process was created, its interpreter's start included.

    On Linux by a clock that nobody can set meanwhile.
    """
    if not hasattr(time, "CLOCK_BOOTTIME"):
        return time.time() - psutil.Process().create_time()
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[_START_TIME])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
