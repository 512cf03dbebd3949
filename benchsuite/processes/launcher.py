"""The seam between a run and the processes in which its tasks are done, wherever they are.

Nothing above it knows how a process is started, on which machine, or by which interpreter. What
crosses it can be sent in messages: structs go in and out, times are seconds and no clock's.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

import msgspec

from benchsuite.measure.machine.host import Complaint
from benchsuite.processes.messages import Event, Job


class WorkerTimeoutError(Exception):
    """A job said nothing more within its time."""


class HostFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a machine is, as it tells of itself.

    id: tells one machine from another without naming it.
    cpu: the processor's name. gpus: of each, its name, memory and driver.
    default_threads: what a case computes with where nobody says how many.
    can_fork: whether processes may be forked from one that has imported a framework.
    energy_counters: devices whose energy can be read, such as `cpu` and `cuda:0`.
    machine: everything about it that a figure may depend on, for the run's file.
    """

    id: str
    cpu: str
    gpus: tuple[dict[str, str], ...] = ()
    default_threads: int
    can_fork: bool
    energy_counters: tuple[str, ...] = ()
    machine: dict[str, Any]


class Host(Protocol):
    """The machine on which a launcher starts processes: what it is, and how it is just now."""

    @property
    def facts(self) -> HostFacts:
        """What it is."""

    def competing_processes(self, devices: Iterable[str]) -> Sequence[str]:
        """What keeps it and these devices from being free, in words; empty where nothing does."""

    def complaints(self) -> Sequence[Complaint]:
        """What makes its figures uncertain."""


class Launcher(Protocol):
    """Starts processes on one machine, and does jobs in them."""

    @property
    def host(self) -> Host:
        """The machine."""

    def run(
        self, backend: str, job: Job, *, threads: int, tuned: bool, left_s: float
    ) -> Iterator[Event]:
        """Do one job in a process of its own and yield the events, `Ended` last.

        Where the process cannot be started, or what it says or prints is beyond bearing, `Failed`
        comes last. Whoever leaves the iterator early, by an exception as well, ends the job.

        tuned: whether the process gets what suits its framework; else the system's own.
        left_s: for all of it. Raises WorkerTimeoutError when they are over, and StorageError
            where the job's log cannot be written.
        """

    def close(self) -> None:
        """End every process that is kept for further jobs."""
