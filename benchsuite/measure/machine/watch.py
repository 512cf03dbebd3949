"""What else happened while the clock ran: other programs, cores used, faults, a GPU's state.

Read from the kernel and the GPU's driver at both ends of what is watched, and never in between.
Linux alone tells all of it; elsewhere only this process's own processor time is known, and the
rest is None.
"""

import contextlib
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from benchsuite.measure.machine.accelerator import both_ends, find_accelerator
from benchsuite.records.series import Reading

_STAT, _TASKS, _PRESSURE = Path("/proc/stat"), Path("/proc/self/task"), Path("/proc/pressure/cpu")
#: Fields of the first line of /proc/stat, proc_stat(5), that are time at work. Guests' time is
#: counted in `user` and `nice` already; `steal` is told apart.
_BUSY = (0, 1, 2, 5, 6)
_STEAL = 7
#: Fields of /proc/…/stat, proc_pid_stat(5), from the one after the name.
_UTIME, _STIME = 11, 12
#: Of the busiest thread's processor time: what makes another one count.
_AT_WORK = 0.1


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """Counters since some beginning."""

    at: float
    own_cpu_s: float
    busy_s: float | None
    steal_s: float | None
    usage: tuple[int, int, int, int] | None
    threads: Mapping[int, int]


class Watch:
    """Watches from when it is made; `reading` tells of the time since.

    device: what computes, such as `cuda:0`, which is then watched too.
    """

    def __init__(self, device: str = "cpu") -> None:
        self._accelerator = find_accelerator(device)
        self._state = self._accelerator.reading() if self._accelerator else None
        self._start = _snapshot()

    def reading(self) -> Reading:
        """What happened so far."""
        start, end = self._start, _snapshot()
        seconds = max(end.at - start.at, 1e-9)
        own = end.own_cpu_s - start.own_cpu_s
        whole = seconds * (os.cpu_count() or 1)
        found = Reading(seconds=seconds, cores_used=own / seconds, **_threads_at_work(start, end))
        if start.busy_s is not None and end.busy_s is not None:
            foreign = max(0.0, end.busy_s - start.busy_s - own) / whole
            steal = ((end.steal_s or 0.0) - (start.steal_s or 0.0)) / whole
            found = msgspec.structs.replace(found, foreign_fraction=foreign, steal_fraction=steal)
        if start.usage is not None and end.usage is not None:
            minor, major, voluntary, involuntary = (
                after - before for before, after in zip(start.usage, end.usage, strict=True)
            )
            found = msgspec.structs.replace(
                found,
                minor_faults=minor,
                major_faults=major,
                voluntary_switches=voluntary,
                involuntary_switches=involuntary,
            )
        if self._accelerator and self._state:
            state = both_ends(self._state, self._accelerator.reading())
            found = msgspec.structs.replace(found, accelerator=state)
        return found


def cpu_pressure() -> str | None:
    """The kernel's own word on how long tasks waited for a CPU (PSI); None where it has none."""
    try:
        return _PRESSURE.read_text().splitlines()[0]
    except OSError:
        return None


def _snapshot() -> _Snapshot:
    busy, steal = _machine()
    return _Snapshot(time.monotonic(), _own_cpu_s(), busy, steal, _usage(), _ticks_by_thread())


def _own_cpu_s() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _machine() -> tuple[float | None, float | None]:
    """Seconds of all CPUs together at work, and stolen."""
    if not _STAT.exists():
        return None, None
    with _STAT.open() as file:
        jiffies = [int(field) for field in file.readline().split()[1:]]
    tick = os.sysconf("SC_CLK_TCK")
    return sum(jiffies[index] for index in _BUSY) / tick, jiffies[_STEAL] / tick


def _usage() -> tuple[int, int, int, int] | None:
    try:
        import resource
    except ImportError:  # Windows
        return None
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_minflt, usage.ru_majflt, usage.ru_nvcsw, usage.ru_nivcsw


def _ticks_by_thread() -> dict[int, int]:
    """Processor time of each thread of this process, in the kernel's ticks."""
    found: dict[int, int] = {}
    for task in _TASKS.iterdir() if _TASKS.exists() else ():
        with contextlib.suppress(OSError):  # it has just ended
            # proc_pid_stat(5); the name, in parentheses, may hold spaces
            fields = (task / "stat").read_text().rpartition(")")[2].split()
            found[int(task.name)] = int(fields[_UTIME]) + int(fields[_STIME])
    return found


def _threads_at_work(start: _Snapshot, end: _Snapshot) -> dict[str, Any]:
    """How many threads there are, and where those may run that were at work meanwhile.

    Others say nothing: NumPy's pool, for one, is there from before any binding, and the kernel
    charges whole ticks to whoever runs when one ends.
    """
    if not end.threads:
        return {}
    cpus: set[int] = set()
    gained = {name: ticks - start.threads.get(name, 0) for name, ticks in end.threads.items()}
    for thread, ticks in gained.items():
        if ticks > _AT_WORK * max(gained.values()):
            with contextlib.suppress(ProcessLookupError):
                cpus |= os.sched_getaffinity(thread)
    return {"threads": len(end.threads), "cpus": tuple(sorted(cpus)) or None}
