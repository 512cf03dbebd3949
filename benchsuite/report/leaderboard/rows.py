"""The leaderboard: a table of records, one row a case, for other programs to read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchsuite.privacy import redacted
from benchsuite.records import Record
from benchsuite.records.writing import write_output
from benchsuite.report.columns.column import Column
from benchsuite.report.columns.columns import COLUMNS, metric_column
from benchsuite.report.columns.speed_columns import undeclared_columns
from benchsuite.report.leaderboard.pareto import pareto_column
from benchsuite.report.leaderboard.view import SortKey, View, view_of

if TYPE_CHECKING:
    import pandas as pd

#: Types that keep a missing value missing: an integer column is never turned into floats.
_DTYPES = {"text": "string", "integer": "Int64", "number": "Float64"}
#: Backends come last, so that rows of the same terms stand side by side.
_ORDER = ("architecture", "dataset", "device", "tier", "precision", "threads", "seed", "backend")


def columns_of(
    records: Sequence[Record], shown: Sequence[Record] | None = None
) -> tuple[Column, ...]:
    """The documented columns, then by name those of plugins; `shown` are the rows, if not all."""
    known = {column.name for column in COLUMNS}
    further = {
        column.name: column
        for record in records
        if record.findings.training
        for part in ("test", "validation")
        for metric in getattr(record.findings.training, part)
        if (column := metric_column(part, metric)).name not in known
    }
    fronts = pareto_column(records if shown is None else shown)
    probes = [column for column in undeclared_columns(records) if column.name not in known]
    return (*COLUMNS, fronts, *(further[name] for name in sorted(further)), *probes)


def in_order(records: Sequence[Record], sort: Sequence[SortKey] = ()) -> list[Record]:
    """Records as they are sorted; else, and where equal, rows that compare stand side by side."""
    ordered = sorted(records, key=_place)
    for key in reversed(sort):
        ordered = key.arrange(ordered)
    return ordered


def leaderboard_frame(records: Sequence[Record], view: View | None = None) -> pd.DataFrame:
    """One row a record, whatever its status; all columns, unless the view chooses some."""
    import pandas as pd

    asked = view or view_of(columns_of(records))
    columns, rows = asked.chosen or asked.known, in_order(records, asked.sort)
    cells = {column.name: [column.read(row) for row in rows] for column in columns}
    # Of an integer column with gaps, pandas itself would make floats.
    frame: pd.DataFrame = pd.DataFrame(cells, dtype=object).astype(
        {column.name: _DTYPES[column.type] for column in columns}
    )
    return frame


def csv_text(records: Sequence[Record], view: View | None = None) -> str:
    """The leaderboard as CSV, with a header; missing cells are empty."""
    # On Windows, pandas would end lines otherwise: files of equal records are equal.
    return leaderboard_frame(records, view).to_csv(index=False, lineterminator="\n")


def write_csv(records: Sequence[Record], path: Path, view: View | None = None) -> None:
    """Write the leaderboard's CSV as a whole. Raises UsageError where it cannot be written."""
    write_output(path, redacted(csv_text(records, view)).encode())


def _place(record: Record) -> tuple[object, ...]:
    return (*record.case.values(_ORDER), record.run, record.case.id)
