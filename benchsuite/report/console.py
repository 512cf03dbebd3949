"""The leaderboard for people: a section for each architecture, best figures marked."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from benchsuite.records import Record
from benchsuite.report.captions import caption, legend, ruling_line
from benchsuite.report.columns import COLUMNS
from benchsuite.report.contest import contests, outsiders
from benchsuite.report.fields import (
    GAP,
    Field,
    Row,
    backend_field,
    distinct,
    figure_fields,
    fitting,
    plain_field,
    record_of,
    width_of,
)
from benchsuite.report.figures import show_networks
from benchsuite.report.leaderboard import in_order
from benchsuite.report.repeats import repeats_in
from benchsuite.report.verdicts import rulings

if TYPE_CHECKING:
    from rich.console import RenderableType

#: Width that the narrow table keeps to, whatever the terminal.
NARROW = 80

_BY_NAME = {column.name: column for column in COLUMNS}
#: What tells rows of one architecture apart: each has a column where it differs.
_CONDITIONS = tuple(
    _BY_NAME[name]
    for name in (
        *("run", "dataset", "seed", "fold", "device", "device_name", "threads", "precision"),
        *("tier", "division", "origin", "protocol", "isolation", "environment"),
    )
)
_OUTCOME = tuple(_BY_NAME[name] for name in ("status", "reason"))


def leaderboard_table(records: Sequence[Record], *, wide: bool) -> RenderableType:
    """Records as a table of at most 80 columns, or with every figure where `wide`.

    Rows that did not end well show their status and reason. The best figures of an
    architecture are marked, among rows that may be compared only. Below the rows of several
    seeds or folds stands their mean, with its interval.
    """
    ordered = in_order(records)
    rows: list[Row] = [*ordered, *repeats_in(ordered)]
    outside = outsiders(ordered)
    conditions = [c for c in _CONDITIONS if wide or len(distinct(ordered, c)) > 1]
    names = [backend_field(rows, outside), *(plain_field(rows, c) for c in conditions)]
    figures = figure_fields(ordered, rows)
    if wide:
        fields = [*names, *figures, *(plain_field(rows, c) for c in _OUTCOME)]
    else:
        fields = [*names, *fitting(figures, NARROW - width_of(names))]
    sections = [
        line
        for _, group in groupby(sorted(rows, key=_architecture), key=_architecture)
        for line in _section(list(group), fields, names if not wide else [])
    ]
    return Group(*caption(ordered, conditions), *_header(fields), *sections, *legend(fields))


def _architecture(row: Row) -> str:
    return record_of(row).case.architecture


def _header(fields: Sequence[Field]) -> list[Text]:
    lines = [["", *field.header.split("\n")][-2:] for field in fields]
    rows = [
        _line(
            [_aligned(Text(pair[index]), field) for pair, field in zip(lines, fields, strict=True)]
        )
        for index in range(2)
    ]
    return [Text(), *(Text(row.plain.rstrip(), "bold") for row in rows)]


def _section(
    rows: Sequence[Row], fields: Sequence[Field], names: Sequence[Field]
) -> list[RenderableType]:
    """One architecture: its name and networks, its rows, and what may be said of them."""
    records = [row for row in rows if isinstance(row, Record)]
    title = Text.assemble((_architecture(rows[0]), "bold cyan"), "  ", show_networks(records))
    outside = outsiders(records)
    said = [
        ruling_line(ruling)
        for rivals in contests(r for r in records if id(r) not in outside)
        for ruling in rulings(rivals)
    ]
    return [Text(), title, *(_row(row, fields, names) for row in rows), *said]


def _row(row: Row, fields: Sequence[Field], names: Sequence[Field]) -> RenderableType:
    """A row of figures; of names and the reason, where it failed and there are `names`."""
    record = record_of(row)
    if record.status == "ok" or not names:
        line = _line([_aligned(field.cells[id(row)], field) for field in fields])
        line.rstrip()
        return line
    named = _line([_aligned(field.cells[id(record)], field) for field in names])
    grid = Table.grid()
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    outcome = Text(f"{GAP}{record.status}: {' '.join(record.reason.split())}", "red")
    grid.add_row(named, outcome)
    return grid


def _aligned(cell: Text, field: Field) -> Text:
    aligned = cell.copy()
    aligned.align(field.align, field.width)  # type: ignore[arg-type] # rich wants a literal
    return aligned


def _line(cells: Sequence[Text]) -> Text:
    return Text(GAP).join([Text(), *cells])
