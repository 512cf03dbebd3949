"""This machine, as a host of processes."""

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from benchsuite.measure.machine import competing
from benchsuite.measure.machine.energy import find_counter
from benchsuite.measure.machine.facts import default_threads, describe_environment
from benchsuite.measure.machine.host import Complaint, examine_host
from benchsuite.processes.launcher import HostFacts

#: That are asked for a counter of energy: the driver's tool, which counts GPUs, may be missing.
_MOST_GPUS = 16


class LocalHost:
    """Looked at once, when it is first asked what it is."""

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
            energy_counters=tuple(_counted()),
            machine=machine,
        )

    def competing_processes(self, devices: Iterable[str]) -> Sequence[str]:
        """Who else is at work here; watches for two seconds."""
        return competing.competing_processes(devices)

    def complaints(self) -> Sequence[Complaint]:
        """What makes figures uncertain here; watches for two seconds."""
        return examine_host(time.sleep)


def _counted() -> Iterator[str]:
    devices = ["cpu", *(f"cuda:{index}" for index in range(_MOST_GPUS))]
    yield from (device for device in devices if find_counter(device) is not None)
