"""Who is told how a run goes on."""

from collections.abc import Mapping
from typing import Protocol

from benchsuite.records import Case, Epoch, Record


class Observer(Protocol):
    """Told how a run goes on; what it does must not disturb the measurement."""

    def resumed(self, kept: int, again: Mapping[str, str]) -> None:
        """A run goes on: so many cases had ended; those `again` had too, by id, and why not."""

    def case_started(self, case: Case, index: int, total: int) -> None:
        """The next case begins."""

    def task_started(self, case: Case, task: str) -> None:
        """A process for one task of the case begins."""

    def epoch_ended(self, case: Case, number: int, epoch: Epoch) -> None:
        """So many epochs of the case's training are over; not told of every one."""

    def round_started(self, number: int, most: int) -> None:
        """The cases at work are timed once more; `most` rounds at the utmost."""

    def case_ended(self, record: Record) -> None:
        """The case's record is stored."""
