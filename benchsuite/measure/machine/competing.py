"""Who else is at work on this machine, before a run that wants it for itself."""

from collections.abc import Iterable, Iterator
from contextlib import suppress

import psutil

from benchsuite.measure.machine.accelerator import find_accelerator, own_tree
from benchsuite.measure.machine.gate import is_quiet
from benchsuite.measure.machine.watch import watched

#: Seconds that the host is watched.
WINDOW_S = 2.0
#: Of one processor: a process that takes more is named.
_BUSY = 0.02
_NAMED = 3


def competing_processes(devices: Iterable[str]) -> list[str]:
    """What keeps the host, watched for two seconds, and these devices from being free, in words."""
    found = [line for device in dict.fromkeys(devices) for line in _on_device(device)]
    before, reading = _processor_times(), watched(WINDOW_S)
    if not is_quiet(reading):
        share = f"other programs take {reading.foreign_fraction or 0.0:.0%} of all processors"
        found.append(": ".join(filter(None, (share, _busiest(before)))))
    return found


def _on_device(device: str) -> Iterator[str]:
    accelerator = find_accelerator(device)
    for pid in (accelerator.foreign_processes() or ()) if accelerator else ():
        yield f"{_called(pid)} is on {device}"


def _busiest(before: dict[int, float]) -> str:
    """Those that took most since, and are none of ours; empty where none took much."""
    ours, after = own_tree(), _processor_times()
    took = {
        pid: (seconds - before.get(pid, 0.0)) / WINDOW_S
        for pid, seconds in after.items()
        if pid not in ours
    }
    busy = sorted((share, pid) for pid, share in took.items() if share > _BUSY)[-_NAMED:]
    return ", ".join(f"{_called(pid)} takes {share:.0%} of one" for share, pid in reversed(busy))


def _processor_times() -> dict[int, float]:
    """Seconds of every process so far, by its id."""
    found: dict[int, float] = {}
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            times = process.cpu_times()
            found[process.pid] = times.user + times.system
    return found


def _called(pid: int) -> str:
    """A process's name and id; of no more, since a command line may hold secrets."""
    try:
        return f"{psutil.Process(pid).name()} ({pid})"
    except psutil.Error:
        return f"process {pid}"
