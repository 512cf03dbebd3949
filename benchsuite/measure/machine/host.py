"""What about a machine makes its figures uncertain, and what would make it quieter."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchsuite.measure.machine.facts import GOVERNOR, SMT, read_fact
from benchsuite.measure.machine.gate import QUIET_FRACTION
from benchsuite.measure.machine.watch import Watch

_CPUINFO, _GOVERNOR, _SMT = Path("/proc/cpuinfo"), GOVERNOR, SMT
#: Seconds that the idle machine is watched.
IDLE_S = 2.0
_SWAPPED_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing, what it costs of a hundred points, and what would help."""

    points: int
    what: str
    advice: str


def examine_host(sleep: Callable[[float], None]) -> list[Complaint]:
    """Everything there is to complain of; watches the machine for two seconds."""
    watch = Watch()
    sleep(IDLE_S)
    reading = watch.reading()
    found = [
        _foreign(reading.foreign_fraction),
        _steal(reading.steal_fraction),
        _virtual(),
        _governor(),
        _smt(),
        _swap(),
        _battery(),
        _few_cores(),
    ]
    return [complaint for complaint in found if complaint]


def score(complaints: Sequence[Complaint]) -> int:
    """Of a hundred; none left at worst."""
    return max(0, 100 - sum(complaint.points for complaint in complaints))


def _foreign(fraction: float | None) -> Complaint | None:
    if fraction is None or fraction < QUIET_FRACTION:
        return None
    load = os.getloadavg()[0]
    return Complaint(
        30,
        f"other programs take {fraction:.0%} of all processors (load {load:.1f})",
        "end them: what runs beside a figure is in it",
    )


def _steal(fraction: float | None) -> Complaint | None:
    if not fraction:
        return None
    return Complaint(
        20, f"the hypervisor gives away {fraction:.1%} of the time", "take a machine of your own"
    )


def _virtual() -> Complaint | None:
    if not _CPUINFO.exists() or " hypervisor" not in _CPUINFO.read_text():
        return None
    return Complaint(
        10,
        "this is a virtual machine: neighbours share its caches and its clock, unseen",
        "measure on hardware of your own, or take more rounds",
    )


def _governor() -> Complaint | None:
    name = read_fact(_GOVERNOR)
    if name in ("", "performance"):
        return None
    return Complaint(
        15,
        f"the processors' governor is '{name}': their clock follows the load",
        "cpupower frequency-set --governor performance",
    )


def _smt() -> Complaint | None:
    if read_fact(_SMT) != "1":
        return None
    return Complaint(
        5,
        "two threads share a core: what runs on the other one is felt",
        "one thread for each physical core, as is the default; or switch SMT off",
    )


def _swap() -> Complaint | None:
    used = psutil.swap_memory().used
    if used < _SWAPPED_BYTES:
        return None
    return Complaint(
        10, f"{used / 2**20:.0f} MiB are swapped out", "free memory, then swapoff -a; swapon -a"
    )


def _battery() -> Complaint | None:
    battery = psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None
    if battery is None or battery.power_plugged is not False:
        return None
    return Complaint(20, "it runs on its battery, and saves power", "plug it in")


def _few_cores() -> Complaint | None:
    cores = psutil.cpu_count(logical=False) or 1
    few = 2
    if cores > few:
        return None
    return Complaint(
        5,
        f"of {cores} cores none is left for the system's own work",
        "a machine with more cores, or --threads 1",
    )
