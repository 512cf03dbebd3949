"""Groups of rows that one ranking may hold, and what they are called."""

from __future__ import annotations

from collections.abc import Sequence

from benchsuite.records import Record
from benchsuite.report.fairness import FairGroup, differing, fair_groups
from benchsuite.report.quantities import extents

#: Of a group that is the only one.
ALL = "all rows"
_DIGITS_OF_DIGEST = 8


def named_groups(records: Sequence[Record]) -> list[tuple[str, FairGroup]]:
    """Fair groups by name: the one with the most rows that ended well comes first."""
    groups = fair_groups(records)
    apart = differing(groups)
    groups.sort(key=lambda group: -sum(record.status == "ok" for record in group.records))
    return [(group_name(group, apart), group) for group in groups]


def group_name(group: FairGroup, columns: Sequence[str]) -> str:
    """The group's values in these columns, such as `tier compiled · dataset mnist`.

    The size that all of it were trained at says more than the digest of images of that size.
    """
    sizes = {record.case.train_input_shape for record in group.records}
    parts = [said(name, group.setting[name]) for name in columns]
    if "data_digest" in columns and len(sizes) == 1:
        parts.insert(0, f"trained at {extents(sizes.pop())}")
    return " · ".join(parts) or ALL


def said(column: str, value: object) -> str:
    """A column and its value; of a digest, as much as tells it from others."""
    text = str(value) if value is not None else "none"
    shown = text[:_DIGITS_OF_DIGEST] if column.endswith("digest") else text
    return f"{column.replace('_', ' ')} {shown}"
