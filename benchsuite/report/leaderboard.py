"""The leaderboard: a table of records, one row a case, for other programs to read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchsuite.records import Record
from benchsuite.records.store import write_text
from benchsuite.report.column import Column
from benchsuite.report.columns import COLUMNS, metric_column

if TYPE_CHECKING:
    import pandas as pd

#: Types that keep a missing value missing: an integer column is never turned into floats.
_DTYPES = {"text": "string", "integer": "Int64", "number": "Float64"}


def columns_of(records: Sequence[Record]) -> tuple[Column, ...]:
    """The documented columns, then one for each further metric in the records, by name."""
    known = {column.name for column in COLUMNS}
    further = {
        column.name: column
        for record in records
        if record.findings.training
        for part in ("test", "validation")
        for metric in getattr(record.findings.training, part)
        if (column := metric_column(part, metric)).name not in known
    }
    return (*COLUMNS, *(further[name] for name in sorted(further)))


def in_order(records: Sequence[Record]) -> list[Record]:
    """Records in the order of every view: rows that compare stand side by side."""
    return sorted(records, key=_place)


def leaderboard_frame(records: Sequence[Record]) -> pd.DataFrame:
    """One row a record, whatever its status; a cell is missing where nothing was measured."""
    import pandas as pd

    columns, rows = columns_of(records), in_order(records)
    cells = {column.name: [column.read(row) for row in rows] for column in columns}
    frame: pd.DataFrame = pd.DataFrame(cells, dtype=object).astype(
        {column.name: _DTYPES[column.type] for column in columns}
    )
    return frame


def csv_text(records: Sequence[Record]) -> str:
    """The leaderboard as CSV, with a header; missing cells are empty."""
    return leaderboard_frame(records).to_csv(index=False, lineterminator="\n")


def write_csv(records: Sequence[Record], path: Path) -> None:
    """Write the leaderboard's CSV as a whole. Raises UsageError where it cannot be written."""
    write_text(path, csv_text(records))


def _place(record: Record) -> tuple[str | int, ...]:
    case = record.case
    return (
        case.architecture,
        case.dataset,
        case.device,
        case.tier,
        case.precision,
        case.threads,
        case.seed,
        case.backend,
        record.run,
        case.id,
    )
