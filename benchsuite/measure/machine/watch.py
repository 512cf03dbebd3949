"""What else happened while the clock ran: other programs, cores used, faults, a GPU's state.

Read from the kernel and the GPU's driver at both ends of what is watched, and never in between.
Linux alone tells all of it; elsewhere only this process's own processor time is known, and the
rest is None.
"""

import os
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psutil

from benchsuite.measure.machine.accelerator import both_ends, find_accelerator
from benchsuite.records.series import Reading

#: Of the busiest thread's processor time: what makes another one count.
_AT_WORK = 0.1


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """Counters since some beginning; those that the system does not have are left out."""

    at: float
    own_cpu_s: float
    machine: tuple[float, float] | None
    usage: Mapping[str, int]
    threads: Mapping[int, float]


class Watch:
    """Watches from when it is made, also the device that computes, such as `cuda:0`."""

    def __init__(self, device: str = "cpu") -> None:
        self._accelerator = find_accelerator(device)
        self._state = self._accelerator.reading() if self._accelerator else None
        # Last: asking the driver takes time, which is not to be in what is watched.
        self._start = _snapshot()

    def reading(self) -> Reading:
        """What happened so far."""
        start, end = self._start, _snapshot()
        seconds = max(end.at - start.at, 1e-9)
        own_s = end.own_cpu_s - start.own_cpu_s
        found = _threads_at_work(start, end)
        if start.machine and end.machine:
            whole_s = seconds * (os.cpu_count() or 1)
            busy_s, stolen_s = (
                after - before for before, after in zip(start.machine, end.machine, strict=True)
            )
            # The kernel's ticks are coarse: this process alone may seem busier than all are.
            found["foreign_fraction"] = max(0.0, busy_s - own_s) / whole_s
            found["steal_fraction"] = stolen_s / whole_s
        found.update({name: count - start.usage[name] for name, count in end.usage.items()})
        if self._accelerator and self._state:
            found["accelerator"] = both_ends(self._state, self._accelerator.reading())
        return Reading(seconds=seconds, cores_used=own_s / seconds, **found)


def watched(seconds: float) -> Reading:
    """What happens while this process does nothing."""
    watch = Watch()
    time.sleep(seconds)
    return watch.reading()


def _snapshot() -> _Snapshot:
    return _Snapshot(time.monotonic(), _own_cpu_s(), _machine(), _usage(), _seconds_by_thread())


def _own_cpu_s() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _machine() -> tuple[float, float] | None:
    """Seconds of all CPUs together at work, and stolen."""
    if sys.platform != "linux":
        return None
    times = psutil.cpu_times()
    # proc_stat(5) counts guests' time in `user` and `nice` already; `steal` is told apart.
    return times.user + times.nice + times.system + times.irq + times.softirq, times.steal


def _usage() -> dict[str, int]:
    try:
        import resource
    except ImportError:  # Windows
        return {}
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "minor_faults": usage.ru_minflt,
        "major_faults": usage.ru_majflt,
        "voluntary_switches": usage.ru_nvcsw,
        "involuntary_switches": usage.ru_nivcsw,
    }


def _seconds_by_thread() -> dict[int, float]:
    """Processor time of each thread of this process."""
    if sys.platform != "linux":
        return {}
    return {one.id: one.user_time + one.system_time for one in psutil.Process().threads()}


def _threads_at_work(start: _Snapshot, end: _Snapshot) -> dict[str, Any]:
    """How many threads there are, and where those may run that were at work meanwhile.

    Others say nothing: NumPy's pool, for one, is there from before any binding, and the kernel
    charges whole ticks to whoever runs when one ends.
    """
    if not end.threads:
        return {}
    cpus: set[int] = set()
    gained = {name: spent - start.threads.get(name, 0.0) for name, spent in end.threads.items()}
    for thread, spent in gained.items():
        if spent > _AT_WORK * max(gained.values()):
            with suppress(ProcessLookupError):  # it has just ended
                cpus |= os.sched_getaffinity(thread)
    return {"threads": len(end.threads), "cpus": tuple(sorted(cpus)) or None}
