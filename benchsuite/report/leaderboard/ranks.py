"""The place of each row in a column: one more than the rows that are certainly better."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from benchsuite.measure.flags import DISQUALIFYING
from benchsuite.measure.statistics.verdicts import holm
from benchsuite.records import Measurement, Record
from benchsuite.report.columns.column import Column
from benchsuite.report.fairness.comparable import comparison_groups, mismatched, share_interval
from benchsuite.report.fairness.verdicts import compared, is_fit, margin_of


@dataclass(frozen=True, slots=True, eq=False)
class _Ranked:
    """A row that takes part, and between which ends its figure is known to lie.

    shown: the figure as people see it: two that look alike are a tie.
    measured: where it is one of speed.
    """

    record: Record
    value: float
    low: float
    high: float
    shown: str
    measured: Measurement | None = None


def ranks(
    records: Sequence[Record], column: Column, show: Callable[[float], str]
) -> dict[str, int]:
    """Of rows that one ranking may mix, the place of each in a column, by key.

    Better in speed is what a verdict says, by the rounds of one comparison group; between groups,
    and of accuracy, 95 % intervals decide; what has none is better where it looks better. Speed
    without an interval, or unfit for verdicts, has no place, nor has a mismatched row.

    Raises ValueError for a column without a better end.
    """
    if column.better is None:
        raise ValueError(f"column '{column.name}' has no better end")
    outside = mismatched(records)
    inside = (r for r in records if r.status == "ok" and r.row_key not in outside)
    entries = [entry for r in inside if (entry := _entry(r, column, show))]
    verdicts = _verdicts(entries)
    sign = 1 if column.better == "higher" else -1

    def is_better(one: _Ranked, other: _Ranked) -> bool:
        if sign * one.value <= sign * other.value:
            return False
        verdict = verdicts.get(frozenset((one.record.row_key, other.record.row_key)))
        return _are_apart(one, other) if verdict is None else verdict

    return {e.record.row_key: 1 + sum(is_better(other, e) for other in entries) for e in entries}


def _entry(record: Record, column: Column, show: Callable[[float], str]) -> _Ranked | None:
    value = column.read(record)
    if not isinstance(value, int | float):
        return None
    if column.measured:
        found = column.measured(record)
        if found is None or found.low is None or found.high is None:
            return None
        entry = _Ranked(record, value, found.low, found.high, show(value), found)
        return entry if is_fit(record, found, DISQUALIFYING) else None
    if not DISQUALIFYING.isdisjoint(column.flags(record)):
        return None
    low, high = share_interval(record, column) or (value, value)
    return _Ranked(record, value, low, high, show(value))


def _verdicts(entries: Iterable[_Ranked]) -> dict[frozenset[str], bool]:
    """Whether two rows of a comparison group differ, by the pair of their keys."""
    measured = {e.record.row_key: e.measured for e in entries if e.measured}
    found: dict[frozenset[str], bool] = {}
    for comparable in _side_by_side(e.record for e in entries if e.measured):
        outcomes = {
            frozenset(pair): comparison
            for pair in combinations((record.row_key for record in comparable), 2)
            if (comparison := compared(*(measured[key] for key in pair)))
        }
        corrected = holm(list(outcomes.values()))
        different = (comparison.verdict == "different" for comparison in corrected)
        found.update(zip(outcomes, different, strict=True))
    return found


def _side_by_side(records: Iterable[Record]) -> Iterator[Sequence[Record]]:
    """Rows that were measured in the same rounds: of one run, and under the same terms."""
    for comparable in comparison_groups(records):
        runs: dict[str, list[Record]] = {}
        for record in comparable:
            runs.setdefault(record.run, []).append(record)
        yield from runs.values()


def _are_apart(one: _Ranked, other: _Ranked) -> bool:
    if one.low <= other.high and other.low <= one.high:
        return False
    # Of rows without common rounds nothing pairs: a difference must also count in practice.
    if one.measured is None or other.measured is None:
        return one.shown != other.shown
    margin = margin_of(one.measured, other.measured)
    return abs(one.value - other.value) >= margin * min(one.value, other.value)
