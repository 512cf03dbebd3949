"""Trainings that differ in nothing but their seed or their fold: the mean of a figure over them."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import mean, stdev

from benchsuite.records import Record, Role
from benchsuite.records.case import ROLES
from benchsuite.report.columns.column import Column, Value

_CONFIDENCE = 0.95
_SHARED = tuple(field for field, role in ROLES.items() if role is not Role.REPEAT)


@dataclass(frozen=True, eq=False)
class Repeats:
    """Two finished records or more, of one backend, under the same terms."""

    records: Sequence[Record]

    @property
    def row_key(self) -> str:
        """By which views know it: no record has that key."""
        return f"mean of {', '.join(record.row_key for record in self.records)}"

    def values(self, column: Column) -> list[Value]:
        """What a column says of each."""
        return [column.read(record) for record in self.records]


def repeats_in(records: Iterable[Record]) -> list[Repeats]:
    """All of them, in the order of the first record of each."""
    groups: dict[object, list[Record]] = {}
    for record in records:
        if record.status == "ok":
            shared = record.case.values(_SHARED)
            # Two machines may begin runs of one name: seeds of another device repeat nothing.
            groups.setdefault((record.run, shared, record.findings.device_name), []).append(record)
    return [Repeats(group) for group in groups.values() if len(group) > 1]


def mean_and_interval(values: Sequence[float]) -> tuple[float, float]:
    """The mean, and half the width of its 95 % interval (Student 1908), of two values or more."""
    from scipy.stats import t  # takes a second to import

    # Folds share most of their training examples: of them the interval is too small.
    quantile = float(t.ppf((1 + _CONFIDENCE) / 2, len(values) - 1))
    return mean(values), quantile * stdev(values) / math.sqrt(len(values))
