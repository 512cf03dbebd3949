"""Which rows may be compared, and which of them is best."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import msgspec

from benchsuite.records import Case, Record
from benchsuite.report.columns import Column

#: What rows must share: everything about the case but its backend, and the hardware.
Terms = tuple[Case, str]
#: What they must also have in common, as found while running: data, order, weights, network.
Substance = tuple[object, str]


def terms(record: Record) -> Terms:
    """The rules a row was made under; rows under other rules are never compared with it."""
    shared = msgspec.structs.replace(record.case, backend="")
    return shared, record.findings.device_name


def outsiders(records: Iterable[Record]) -> set[int]:
    """Rows, by `id`, whose data, order, weights or network differ from the rest of theirs.

    The rest is the majority of those under the same terms; without one, all are outsiders.
    """
    outside: set[int] = set()
    for rivals in _contests(records):
        found = Counter(_substance(record) for record in rivals)
        usual, count = found.most_common(1)[0]
        if 2 * count <= len(rivals):
            outside |= {id(record) for record in rivals} if len(found) > 1 else set()
        else:
            outside |= {id(record) for record in rivals if _substance(record) != usual}
    return outside


def best(records: Iterable[Record], column: Column, shown: Callable[[float], str]) -> set[int]:
    """Rows, by `id`, that are best in a column among two or more that may be compared.

    Values that look alike when `shown` are a tie, and share the place.
    """
    if column.better is None:
        return set()
    candidates = list(records)
    outside = outsiders(candidates)
    choose = max if column.better == "higher" else min
    winners: set[int] = set()
    for rivals in _contests(r for r in candidates if id(r) not in outside):
        values = {
            id(record): value
            for record in rivals
            if isinstance(value := column.read(record), (int, float))
        }
        if len(values) > 1:
            top = shown(choose(values.values()))
            winners |= {key for key, value in values.items() if shown(value) == top}
    return winners


def _contests(records: Iterable[Record]) -> Iterable[Sequence[Record]]:
    """Finished rows, parted by their terms."""
    contests: dict[Terms, list[Record]] = {}
    for record in records:
        if record.status == "ok":
            contests.setdefault(terms(record), []).append(record)
    return contests.values()


def _substance(record: Record) -> Substance:
    training, size = record.findings.training, record.findings.size
    return (training.digests if training else None, size.fingerprint if size else "")
