"""The leaderboard for people: a section for each architecture, best figures marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Group
from rich.table import Table
from rich.text import Text

from benchsuite.records import Record
from benchsuite.report.columns import COLUMNS, Column, Value
from benchsuite.report.contest import best, outsiders
from benchsuite.report.figures import Figure, figures_for, show_figure, show_networks
from benchsuite.report.leaderboard import columns_of, in_order

if TYPE_CHECKING:
    from rich.console import RenderableType

#: Width that the narrow table keeps to, whatever the terminal.
NARROW = 80
_INDENT, _GAP = "  ", "  "
_BEST, _OUTSIDER = "*", "≠"
_TOUR = "tour: one process, a few seconds per figure; indicative, no verdicts"
_SECTIONS = "sections: input → classes · size · batch of inference/training throughput"

_BY_NAME = {column.name: column for column in COLUMNS}
#: What tells rows of one architecture apart: each has a column where it differs …
_CONDITIONS = tuple(
    _BY_NAME[name]
    for name in (
        *("run", "dataset", "seed", "device", "device_name", "threads", "precision"),
        *("tier", "division", "origin", "protocol", "isolation"),
    )
)
#: … and these are said above the table where they do not.
_SAID_ONCE = ("division", "tier", "precision", "dataset", "seed")
_OUTCOME = tuple(_BY_NAME[name] for name in ("status", "reason"))


@dataclass(frozen=True, slots=True)
class _Field:
    """One column of the printed table: a cell for each record, by `id`."""

    header: str
    cells: Mapping[int, Text]
    align: str = "left"

    @property
    def width(self) -> int:
        """That of the widest cell, the header's lines included."""
        texts = [*self.header.split("\n"), *(cell.plain for cell in self.cells.values())]
        return max(map(cell_len, texts))


def leaderboard_table(records: Sequence[Record], *, wide: bool) -> RenderableType:
    """Records as a table of at most 80 columns, or with every figure where `wide`.

    Rows that did not end well show their status and reason. The best figures of an
    architecture are marked, among rows that may be compared only.
    """
    ordered = in_order(records)
    outside = outsiders(ordered)
    conditions = [c for c in _CONDITIONS if wide or len(_distinct(ordered, c)) > 1]
    names = [_backend_field(ordered, outside), *(_plain_field(ordered, c) for c in conditions)]
    figures = _figure_fields(ordered)
    if wide:
        fields = [*names, *figures, *(_plain_field(ordered, c) for c in _OUTCOME)]
    else:
        fields = [*names, *_fitting(figures, NARROW - _width(names))]
    sections = [
        line
        for _, group in groupby(ordered, key=lambda record: record.case.architecture)
        for line in _section(list(group), fields, names if not wide else [])
    ]
    return Group(*_caption(ordered, conditions), *_header(fields), *sections, *_legend(fields))


def _distinct(records: Sequence[Record], column: Column) -> list[Value]:
    """What a column says, each value once; records that do not say are left out."""
    values = dict.fromkeys(column.read(record) for record in records)
    return [value for value in values if value is not None]


def _backend_field(records: Sequence[Record], outside: set[int]) -> _Field:
    cells = {}
    for record in records:
        mark = f" {_OUTSIDER}" if id(record) in outside else ""
        cells[id(record)] = Text(f"{record.case.backend}{mark}")
    return _Field("backend", cells)


def _plain_field(records: Sequence[Record], column: Column) -> _Field:
    values = {id(record): column.read(record) for record in records}
    cells = {key: Text("" if value is None else str(value)) for key, value in values.items()}
    return _Field(column.name.replace("_", " "), cells)


def _figure_fields(records: Sequence[Record]) -> list[_Field]:
    columns = {column.name: column for column in columns_of(records)}
    return [
        _figure_field(records, figure, columns[figure.column])
        for figure in figures_for(columns.values())
        if _distinct(records, columns[figure.column])
    ]


def _figure_field(records: Sequence[Record], figure: Figure, column: Column) -> _Field:
    winners = best(records, column, figure.show)
    cells = {}
    for record in records:
        shown = show_figure(figure, column, record)
        wins = id(record) in winners
        cells[id(record)] = Text(
            f"{shown}{_BEST}" if wins else f"{shown} ", "bold green" if wins else ""
        )
    return _Field(figure.header, cells, "right")


def _width(fields: Sequence[_Field]) -> int:
    return sum(len(_GAP) + field.width for field in fields)


def _fitting(fields: Sequence[_Field], room: int) -> list[_Field]:
    """As many of the first fields as there is room for, and at least one."""
    count = 1
    while count < len(fields) and _width(fields[: count + 1]) <= room:
        count += 1
    return list(fields[:count])


def _caption(records: Sequence[Record], shown: Sequence[Column]) -> list[Text]:
    """What holds for all rows: the protocol, the hardware and the conditions."""
    protocols = [str(name) for name in _distinct(records, _BY_NAME["protocol"])]
    hardware = [
        f"{r.case.device}: {r.findings.device_name}, threads: {r.case.threads}"
        for r in records
        if r.findings.device_name
    ]
    conditions = [
        f"{column.name} {value}"
        for column in (_BY_NAME[name] for name in _SAID_ONCE)
        if column not in shown
        for value in _distinct(records, column)
    ]
    lines = [
        *(f"{_TOUR} ({name})" if name.startswith("tour") else name for name in protocols),
        *dict.fromkeys(hardware),
        " · ".join(conditions),
        _SECTIONS,
    ]
    return [Text(line) for line in lines if line]


def _header(fields: Sequence[_Field]) -> list[Text]:
    lines = [["", *field.header.split("\n")][-2:] for field in fields]
    rows = [
        _line(
            [_aligned(Text(pair[index]), field) for pair, field in zip(lines, fields, strict=True)]
        )
        for index in range(2)
    ]
    return [Text(), *(Text(row.plain.rstrip(), "bold") for row in rows)]


def _section(
    records: Sequence[Record], fields: Sequence[_Field], names: Sequence[_Field]
) -> list[RenderableType]:
    """One architecture: its name and networks, then its rows."""
    title = Text.assemble((records[0].case.architecture, "bold cyan"), "  ", show_networks(records))
    return [Text(), title, *(_row(record, fields, names) for record in records)]


def _row(record: Record, fields: Sequence[_Field], names: Sequence[_Field]) -> RenderableType:
    """A row of figures; of names and the reason, where it failed and there are `names`."""
    if record.status == "ok" or not names:
        line = _line([_aligned(field.cells[id(record)], field) for field in fields])
        line.rstrip()
        return line
    named = _line([_aligned(field.cells[id(record)], field) for field in names])
    grid = Table.grid()
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    outcome = Text(f"{_GAP}{record.status}: {' '.join(record.reason.split())}", "red")
    grid.add_row(named, outcome)
    return grid


def _aligned(cell: Text, field: _Field) -> Text:
    aligned = cell.copy()
    aligned.align(field.align, field.width)  # type: ignore[arg-type] # rich wants a literal
    return aligned


def _line(cells: Sequence[Text]) -> Text:
    return Text(_GAP).join([Text(), *cells])


def _legend(fields: Sequence[_Field]) -> list[Text]:
    """What the marks mean, where they are used."""
    marks = {
        _BEST: "best of the rows that may be compared",
        _OUTSIDER: "other data, order, weights or network than its rivals: not compared",
    }
    cells = [cell.plain for field in fields for cell in field.cells.values()]
    used = [mark for mark in marks if any(cell.endswith(mark) for cell in cells)]
    return [Text(), *(Text(f"{mark} {marks[mark]}") for mark in used)] if used else []
