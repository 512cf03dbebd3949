"""Groups of rows that one ranking may hold, and what they are called."""

from __future__ import annotations

from collections.abc import Sequence

from benchsuite.records import Record
from benchsuite.report.fairness.groups import FairGroup, differing, fair_groups

#: Of a group that is the only one.
ALL = "all rows"


def named_groups(records: Sequence[Record]) -> list[tuple[str, FairGroup]]:
    """Fair groups by name: the one with the most rows that ended well comes first."""
    groups = fair_groups(records)
    apart = differing(groups)
    groups.sort(key=lambda group: -sum(record.status == "ok" for record in group.records))
    return [(group_name(group, apart), group) for group in groups]


def group_name(group: FairGroup, columns: Sequence[str]) -> str:
    """The group's values in these columns, such as `tier compiled · dataset mnist`."""
    return " · ".join(f"{name} {value}" for name, value in group.said(columns).items()) or ALL
