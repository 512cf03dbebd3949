"""What one comparison says: how much a figure of the second row differs, and the verdict."""

from dataclasses import dataclass
from typing import Literal

from benchsuite.measure.statistics.estimates import Estimate
from benchsuite.report.columns.column import Column
from benchsuite.report.comparison.pairing import Pair

Answer = Literal["better", "worse", "same", "inconclusive", "indicative", "not comparable"]
#: Answers that say something, and so must say of what.
_VERDICTS = frozenset({"better", "worse", "same"})


@dataclass(frozen=True, slots=True)
class Change:
    """Of the second figure against the first, before any correction.

    estimate: their ratio, or their difference where figures are fractions or losses.
    p_value: None where nothing tells chance from change: then there is no verdict.
    margin: below this, a change does not count.
    how: what the interval and the p-value come from, or why there are none.
    flag: for which a verdict is withheld; else empty.
    of_seed: whether it is of one training on either side, and of no other.
    """

    estimate: Estimate | None
    p_value: float | None
    margin: float
    how: str
    flag: str = ""
    of_seed: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a comparison.

    column: None where the rows as a whole cannot be compared.
    first, second: the figures, None where there is none; `change` is second / first, or
        second - first where `is_ratio` is false.
    low, high: its 95 % interval, if there is one. seeds: of which this is the mean, if it is one.
    of_seed: whether a verdict is of one training on either side alone.
    """

    pair: Pair
    column: Column | None
    answer: Answer
    how: str
    first: float | None = None
    second: float | None = None
    change: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    seeds: str = ""
    of_seed: bool = False

    @property
    def said(self) -> str:
        """The answer, and of what: `worse of this seed`."""
        return (
            f"{self.answer} of this seed"
            if self.of_seed and self.answer in _VERDICTS
            else self.answer
        )

    @property
    def is_ratio(self) -> bool:
        """Whether the change is a ratio."""
        return self.column is None or is_ratio(self.column)


def is_ratio(column: Column) -> bool:
    """Whether figures are compared by their ratio: fractions and losses by their difference."""
    of_quality = column.name.startswith(("test_", "validation_"))
    return column.measured is not None or not (of_quality or column.name.endswith("_fraction"))


def show_change(change: float, column: Column) -> str:
    """`+4.3 %` of a ratio, `-0.0123` of a difference."""
    return f"{100 * (change - 1):+.1f} %" if is_ratio(column) else f"{change:+.4f}"
