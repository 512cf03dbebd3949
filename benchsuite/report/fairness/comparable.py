"""Which rows may be compared, and which of them is best."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter

from benchsuite.measure.flags import DOUBTFUL
from benchsuite.measure.statistics.proportions import wilson
from benchsuite.metrics import QUALITY
from benchsuite.records import Record
from benchsuite.report.columns.column import Column
from benchsuite.report.columns.columns import SPLITS
from benchsuite.report.fairness.verdicts import best_measured

#: What rows that may be compared must also share, as found while running: data, order, weights,
#: network.
Substance = tuple[object, str]
Interval = tuple[float, float]
#: Of images of a split, that were counted: column -> split.
_SPLIT_OF_SHARE = {
    f"{split}_{declared.name}": split
    for split in SPLITS
    for declared in QUALITY.values()
    if declared.unit == "fraction"
}


def mismatched(records: Iterable[Record]) -> set[str]:
    """Keys of the rows whose data, order, weights or network differ from most of their group's."""
    outside: set[str] = set()
    for comparable in comparison_groups(records):
        found = Counter(_substance(record) for record in comparable)
        usual, count = found.most_common(1)[0]
        # Without a majority nobody can tell which of them are right.
        if 2 * count <= len(comparable):
            outside |= {record.row_key for record in comparable} if len(found) > 1 else set()
        else:
            outside |= {record.row_key for record in comparable if _substance(record) != usual}
    return outside


def best(records: Iterable[Record], column: Column, shown: Callable[[float], str]) -> set[str]:
    """Keys of the rows that are best in a column among two or more that may be compared.

    Values that look alike when `shown` are a tie, and share the place. Of a share of images, so
    do all whose 95 % interval meets the best's; of a figure of speed, all that no verdict sets
    apart from the best: a protocol without verdicts has no best.
    """
    if column.better is None:
        return set()
    winners: set[str] = set()
    for comparable in comparable_groups(list(records)):
        if column.measured:
            winners |= best_measured(comparable, column.measured)
        else:
            winners |= _best_shown(comparable, column, shown)
    return winners


def _best_shown(
    comparable: Iterable[Record], column: Column, shown: Callable[[float], str]
) -> set[str]:
    values = {
        record.row_key: (value, share_interval(record, column))
        for record in comparable
        if isinstance(value := column.read(record), (int, float))
        and DOUBTFUL.isdisjoint(column.flags(record))
    }
    if len(values) < 2:  # noqa: PLR2004 - nobody is the best of one
        return set()
    choose = max if column.better == "higher" else min
    top, within = choose(values.values(), key=itemgetter(0))
    return {
        key
        for key, (value, interval) in values.items()
        if shown(value) == shown(top) or (interval and within and _meet(interval, within))
    }


def share_interval(record: Record, column: Column) -> Interval | None:
    """The 95 % interval of a row's share of recognised images; None of another figure."""
    training, share = record.findings.training, column.read(record)
    split = _SPLIT_OF_SHARE.get(column.name)
    count = training.split_sizes.get(split, 0) if training and split else 0
    return wilson(share, count) if count and isinstance(share, int | float) else None


def _meet(one: Interval, other: Interval) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def comparison_groups(records: Iterable[Record]) -> Iterable[Sequence[Record]]:
    """Finished rows that may be compared, together; mismatched rows are among them."""
    groups: dict[tuple[object, ...], list[Record]] = {}
    for record in records:
        if record.status == "ok":
            groups.setdefault(record.comparison_key, []).append(record)
    return groups.values()


def comparable_groups(records: Sequence[Record]) -> Iterable[Sequence[Record]]:
    """The same without the mismatched rows."""
    left_out = mismatched(records)
    return comparison_groups(r for r in records if r.row_key not in left_out)


def _substance(record: Record) -> Substance:
    training, size = record.findings.training, record.findings.size
    return (training.digests if training else None, size.fingerprint if size else "")
