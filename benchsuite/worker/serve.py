"""A worker process: imports one framework, then does one job, or forks a child for each.

Its arguments are BACKEND [PLUGIN …]. Jobs come on standard input, events go to what was standard
output; whatever else the process or its libraries print goes to the job's log. Forking after the
first operation hangs in every framework, so the parent of the forks imports and does nothing else.
"""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

import benchsuite
from benchsuite.errors import StorageError
from benchsuite.hooks import Plugins, Source, load_plugins, reference_source, source_of
from benchsuite.measure.machine.facts import by_core, usable_cpus
from benchsuite.measure.machine.watch import Watch
from benchsuite.processes.failures import failure_of
from benchsuite.processes.kernel import die_with
from benchsuite.processes.messages import Began, Done, Ended, Event, Job, Unwritable
from benchsuite.processes.tasks import TASKS, load
from benchsuite.records.writing import written
from benchsuite.worker.events import EpochSender, EventSender, event_of, inspect

if TYPE_CHECKING:  # tasks are imported when they are asked for, as the backend is
    from benchsuite.contract import Backend
    from benchsuite.worker.tasks.context import TaskContext

#: proc(5): `starttime`, the 22nd field of a process's `stat`, behind its number and name.
_START_TIME = 22 - 3


def main() -> None:
    """Serve jobs until standard input ends."""
    sender, started = EventSender(), Watch()
    # Before the import: some libraries bind the thread that imports them.
    cpus = by_core(usable_cpus())
    name, *unpackaged = sys.argv[1:]
    try:
        plugins = load_plugins(unpackaged)
        backend: Backend = plugins.backends[name].load()()
    except BaseException as error:  # noqa: BLE001 - a framework's import may fail in any way
        traceback.print_exc()
        sender.send(failure_of(error))
        return
    import_s = _age_s()
    worker = _Worker(name, plugins, backend, sender, cpus)
    for line in sys.stdin.buffer:
        job = msgspec.json.decode(line, type=Job)
        code = 0
        if job.fork:
            code = worker.fork(job)
        else:
            worker.do(job, started, import_s)
        # The harness ends this process while it is there: what a job left is found below it.
        sender.send(Ended(code))
    os._exit(0)  # the frameworks' own clean-up takes up to two seconds


@dataclass(frozen=True)
class _Worker:
    """What stays the same from job to job. name: of the backend."""

    name: str
    plugins: Plugins
    backend: Backend
    sender: EventSender
    cpus: Sequence[int]

    @cached_property
    def sources(self) -> Mapping[str, Source]:
        """The code that does the work; read once, before the first child is forked."""
        entry = self.plugins.backends[self.name]
        return {
            "backend": source_of(entry, self.plugins),
            "reference": reference_source(benchsuite.__version__),
        }

    def fork(self, job: Job) -> int:
        """Do a job in a child of this process, and return its exit code."""
        if job.case is not None:
            with suppress(Exception):  # the child meets it too, and tells
                self._import(job)
        _reap()
        server, pid = os.getpid(), os.fork()
        if pid == 0:
            code = 1
            try:
                os.setsid()  # by which the harness finds what the job starts
                die_with(server)  # which a fork does not inherit
                self.do(job, Watch(), None)
                code = 0
            finally:
                os._exit(code)  # no clean-up of the parent's objects, no threads to wait for
        _, status = os.waitpid(pid, 0)
        return os.waitstatus_to_exitcode(status)

    def do(self, job: Job, started: Watch, import_s: float | None) -> None:
        """Do one job and tell everything it finds; an exception ends it with its reason."""
        self.sender.send(Began(os.getpid()))
        try:
            with written(Path(job.log)):
                _redirect_output(job.log)
            for event in self._events(job, started, import_s):
                self.sender.send(event)
            self.sender.send(Done())
        except StorageError as error:
            self.sender.send(Unwritable(str(error)))
        except BaseException as error:  # noqa: BLE001 - the case's own failure, whatever it is
            traceback.print_exc()
            sys.stderr.flush()
            self.sender.send(failure_of(error))

    def _import(self, job: Job) -> None:
        """Import here what each child would import again."""
        task = TASKS[job.task]
        load(task.function)
        if task.prepare:
            load(task.prepare)(self._context(job))

    def _events(self, job: Job, started: Watch, import_s: float | None) -> Iterator[Event]:
        if job.case is None:
            yield inspect(self.backend)
            return
        cpus = self.cpus[: job.case.threads]
        _bind(cpus)
        context = self._context(job, started)
        context.cpus, context.import_s = cpus, import_s
        for found in load(TASKS[job.task].function)(context):
            yield event_of(found)

    def _context(self, job: Job, started: Watch | None = None) -> TaskContext:
        from benchsuite.worker.tasks.context import TaskContext

        if job.case is None:
            raise ValueError(f"task '{job.task}' is of a case, and got none")
        return TaskContext(
            job,
            job.case,
            self.plugins,
            self.backend,
            getting_ready=started or Watch(),
            sources=self.sources,
            tell=EpochSender(self.sender),
            announce=self.sender.send,
        )


def _reap() -> None:
    """Take leave of what jobs left behind, and the harness has killed."""
    with suppress(ChildProcessError):
        while hasattr(os, "WNOHANG") and os.waitpid(-1, os.WNOHANG)[0]:
            pass


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
    """Seconds since this process was created, before its interpreter started."""
    if not hasattr(time, "CLOCK_BOOTTIME"):
        import psutil

        return time.time() - psutil.Process().create_time()
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[_START_TIME])
    # By a clock that nobody can set meanwhile, as they can the time of day.
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
