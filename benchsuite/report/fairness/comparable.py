"""Which rows may be compared, and which of them is best."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter

import msgspec

from benchsuite.records import Case, Record
from benchsuite.report.columns.column import Column
from benchsuite.report.columns.shares import share_interval
from benchsuite.report.fairness.verdicts import best_measured

#: What rows must share: everything about the case but its backend, and the hardware.
Terms = tuple[Case, str]
#: What they must also have in common, as found while running: data, order, weights, network.
Substance = tuple[object, str]
Interval = tuple[float, float]


def terms(record: Record) -> Terms:
    """The rules a row was made under; rows under other rules are never compared with it."""
    shared = msgspec.structs.replace(record.case, backend="")
    return shared, record.findings.device_name


def mismatched(records: Iterable[Record]) -> set[int]:
    """Rows, by `id`, whose data, order, weights or network differ from the rest of theirs.

    The rest is the majority of those under the same terms; without one, all are mismatched.
    """
    outside: set[int] = set()
    for comparable in comparison_groups(records):
        found = Counter(_substance(record) for record in comparable)
        usual, count = found.most_common(1)[0]
        if 2 * count <= len(comparable):
            outside |= {id(record) for record in comparable} if len(found) > 1 else set()
        else:
            outside |= {id(record) for record in comparable if _substance(record) != usual}
    return outside


def best(records: Iterable[Record], column: Column, shown: Callable[[float], str]) -> set[int]:
    """Rows, by `id`, that are best in a column among two or more that may be compared.

    Values that look alike when `shown` are a tie, and share the place. Of a share of images, so
    do all whose 95 % interval meets the best's; of a figure of speed, all that no verdict sets
    apart from the best: a protocol without verdicts has no best.
    """
    if column.better is None:
        return set()
    candidates = list(records)
    outside = mismatched(candidates)
    winners: set[int] = set()
    for comparable in comparison_groups(r for r in candidates if id(r) not in outside):
        if column.measured:
            winners |= best_measured(comparable, column.measured)
        else:
            winners |= _best_shown(comparable, column, shown)
    return winners


def _best_shown(
    comparable: Iterable[Record], column: Column, shown: Callable[[float], str]
) -> set[int]:
    values = {
        id(record): (value, share_interval(record, column))
        for record in comparable
        if isinstance(value := column.read(record), (int, float))
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


def _meet(one: Interval, other: Interval) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def comparison_groups(records: Iterable[Record]) -> Iterable[Sequence[Record]]:
    """Finished rows, parted by their terms."""
    comparison_groups: dict[Terms, list[Record]] = {}
    for record in records:
        if record.status == "ok":
            comparison_groups.setdefault(terms(record), []).append(record)
    return comparison_groups.values()


def _substance(record: Record) -> Substance:
    training, size = record.findings.training, record.findings.size
    return (training.digests if training else None, size.fingerprint if size else "")
