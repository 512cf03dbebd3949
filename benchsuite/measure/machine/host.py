"""What about a machine makes its figures uncertain, and what would make it quieter."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchsuite.measure.machine.facts import GOVERNOR, SMT, read_fact
from benchsuite.measure.machine.gate import QUIET_FRACTION
from benchsuite.measure.machine.watch import watched
from benchsuite.records.series import Reading

_CPUINFO, _GOVERNOR, _SMT = Path("/proc/cpuinfo"), GOVERNOR, SMT
#: Seconds that the idle machine is watched.
IDLE_S = 2.0
_SWAPPED_BYTES, _FEW_CORES = 64 * 2**20, 2


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing, what it costs of a hundred points, and what would help."""

    points: int
    what: str
    advice: str


def examine_host() -> list[Complaint]:
    """Everything there is to complain of; watches the machine for two seconds."""
    return [*_of_others(watched(IDLE_S)), *_of_settings(), *_of_hardware()]


def score(complaints: Sequence[Complaint]) -> int:
    """Of a hundred; none left at worst."""
    return max(0, 100 - sum(complaint.points for complaint in complaints))


def _of_others(reading: Reading) -> Iterator[Complaint]:
    """Programs, and other virtual machines, that take their part."""
    if (reading.foreign_fraction or 0.0) >= QUIET_FRACTION:
        load = os.getloadavg()[0]
        yield Complaint(
            30,
            f"other programs take {reading.foreign_fraction:.0%} of all processors "
            f"(load {load:.1f})",
            "end them: what runs beside a figure is in it",
        )
    if reading.steal_fraction:
        yield Complaint(
            20,
            f"the hypervisor gives away {reading.steal_fraction:.1%} of the time",
            "take a machine of your own",
        )
    # By the bit of CPUID that hypervisors set for their guests (leaf 1, ECX 31).
    if " hypervisor" in read_fact(_CPUINFO):
        yield Complaint(
            10,
            "this is a virtual machine: neighbours share its caches and its clock, unseen",
            "measure on hardware of your own, or take more rounds",
        )


def _of_settings() -> Iterator[Complaint]:
    governor = read_fact(_GOVERNOR)
    if governor not in ("", "performance"):
        yield Complaint(
            15,
            f"the processors' governor is '{governor}': their clock follows the load",
            "cpupower frequency-set --governor performance",
        )
    if read_fact(_SMT) == "1":
        yield Complaint(
            5,
            "two threads share a core: what runs on the other one is felt",
            "one thread for each physical core, as is the default; or switch SMT off",
        )
    swapped = psutil.swap_memory().used
    if swapped >= _SWAPPED_BYTES:
        what = f"{swapped / 2**20:.0f} MiB are swapped out"
        yield Complaint(10, what, "free memory, then swapoff -a; swapon -a")


def _of_hardware() -> Iterator[Complaint]:
    # psutil has the function only where the system has batteries.
    battery = psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None
    if battery and battery.power_plugged is False:
        yield Complaint(20, "it runs on its battery, and saves power", "plug it in")
    cores = psutil.cpu_count(logical=False) or 1
    if cores <= _FEW_CORES:
        yield Complaint(
            5,
            f"of {cores} cores none is left for the system's own work",
            "a machine with more cores, or --threads 1",
        )
