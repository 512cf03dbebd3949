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
from benchsuite.report.column import Column, Value
from benchsuite.report.columns import COLUMNS
from benchsuite.report.contest import best, contests, outsiders
from benchsuite.report.figures import (
    Figure,
    figures_for,
    is_doubtful,
    show_figure,
    show_networks,
)
from benchsuite.report.leaderboard import columns_of, in_order
from benchsuite.report.protocols import describe_protocol
from benchsuite.report.quantities import significant
from benchsuite.report.repeats import Repeats, mean_and_interval, repeats_in
from benchsuite.report.verdicts import Ruling, rulings

if TYPE_CHECKING:
    from rich.console import RenderableType

#: Width that the narrow table keeps to, whatever the terminal.
NARROW = 80
_INDENT = _GAP = "  "
_BEST, _DOUBTFUL, _OUTSIDER = "*", "~", "≠"
_SECTIONS = "sections: input → classes · size · batch of inference/training throughput"

_BY_NAME = {column.name: column for column in COLUMNS}
#: What tells rows of one architecture apart: each has a column where it differs …
_CONDITIONS = tuple(
    _BY_NAME[name]
    for name in (
        *("run", "dataset", "seed", "fold", "device", "device_name", "threads", "precision"),
        *("tier", "division", "origin", "protocol", "isolation", "environment"),
    )
)
#: … and these are said above the table where they do not.
_SAID_ONCE = ("division", "tier", "precision", "dataset", "seed")
_OUTCOME = tuple(_BY_NAME[name] for name in ("status", "reason"))


_Row = Record | Repeats


@dataclass(frozen=True, slots=True)
class _Field:
    """One column of the printed table: a cell for each row, by `id`."""

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
    architecture are marked, among rows that may be compared only. Below the rows of several
    seeds or folds stands their mean, with its interval.
    """
    ordered = in_order(records)
    rows: list[_Row] = [*ordered, *repeats_in(ordered)]
    outside = outsiders(ordered)
    conditions = [c for c in _CONDITIONS if wide or len(_distinct(ordered, c)) > 1]
    names = [_backend_field(rows, outside), *(_plain_field(rows, c) for c in conditions)]
    figures = _figure_fields(ordered, rows)
    if wide:
        fields = [*names, *figures, *(_plain_field(rows, c) for c in _OUTCOME)]
    else:
        fields = [*names, *_fitting(figures, NARROW - _width(names))]
    sections = [
        line
        for _, group in groupby(sorted(rows, key=_architecture), key=_architecture)
        for line in _section(list(group), fields, names if not wide else [])
    ]
    return Group(*_caption(ordered, conditions), *_header(fields), *sections, *_legend(fields))


def _of(row: _Row) -> Record:
    return row.first if isinstance(row, Repeats) else row


def _architecture(row: _Row) -> str:
    return _of(row).case.architecture


def _distinct(records: Sequence[Record], column: Column) -> list[Value]:
    """What a column says, each value once; records that do not say are left out."""
    values = dict.fromkeys(column.read(record) for record in records)
    return [value for value in values if value is not None]


def _backend_field(rows: Sequence[_Row], outside: set[int]) -> _Field:
    cells = {}
    for row in rows:
        mark = f" {_OUTSIDER}" if id(row) in outside else ""
        cells[id(row)] = Text(f"{_of(row).case.backend}{mark}")
    return _Field("backend", cells)


def _plain_field(rows: Sequence[_Row], column: Column) -> _Field:
    return _Field(column.name.replace("_", " "), {id(row): _plain(row, column) for row in rows})


def _plain(row: _Row, column: Column) -> Text:
    if isinstance(row, Repeats) and len(set(row.values(column))) > 1:
        return Text(f"mean of {len(row.records)}")
    value = column.read(_of(row))
    return Text("" if value is None else str(value))


def _figure_fields(records: Sequence[Record], rows: Sequence[_Row]) -> list[_Field]:
    columns = {column.name: column for column in columns_of(records)}
    return [
        _figure_field(records, rows, figure, columns[figure.column])
        for figure in figures_for(columns.values())
        if _distinct(records, columns[figure.column])
    ]


def _figure_field(
    records: Sequence[Record], rows: Sequence[_Row], figure: Figure, column: Column
) -> _Field:
    winners = best(records, column, figure.show)
    cells = {}
    for row in rows:
        if isinstance(row, Repeats):
            cells[id(row)] = Text(f"{_mean(row, figure, column)} ")
            continue
        wins = id(row) in winners
        shown = f"{show_figure(figure, column, row)}{_BEST if wins else ' '}"
        style = "bright_black" if is_doubtful(column, row) else ""
        cells[id(row)] = Text(shown, "bold green" if wins else style)
    return _Field(figure.header, cells, "right")


def _mean(repeats: Repeats, figure: Figure, column: Column) -> str:
    """Blank where one of them has no such figure."""
    values = [v for v in repeats.values(column) if isinstance(v, int | float)]
    if len(values) < len(repeats.records):
        return ""
    middle, half = mean_and_interval(values)
    return f"{figure.show(middle)} ±{figure.show(half)}"


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
        *map(describe_protocol, protocols),
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
    rows: Sequence[_Row], fields: Sequence[_Field], names: Sequence[_Field]
) -> list[RenderableType]:
    """One architecture: its name and networks, its rows, and what may be said of them."""
    records = [row for row in rows if isinstance(row, Record)]
    title = Text.assemble((_architecture(rows[0]), "bold cyan"), "  ", show_networks(records))
    outside = outsiders(records)
    said = [
        _ruling(ruling)
        for rivals in contests(r for r in records if id(r) not in outside)
        for ruling in rulings(rivals)
    ]
    return [Text(), title, *(_row(row, fields, names) for row in rows), *said]


def _ruling(ruling: Ruling) -> Text:
    """Such as `latency: torch / keras-tensorflow 0.820 (0.801-0.838), different`."""
    ratio, verdict = ruling.comparison.ratio, ruling.comparison.verdict
    value, low, high = (significant(x) for x in (ratio.value, ratio.low, ratio.high))
    names = " / ".join(record.case.backend for record in (ruling.first, ruling.second))
    what = ruling.metric.replace("_", " ")
    text = f"{_INDENT}{what}: {names} {value} ({low}–{high}), {verdict}"
    return Text(text, "" if verdict == "different" else "bright_black")


def _row(row: _Row, fields: Sequence[_Field], names: Sequence[_Field]) -> RenderableType:
    """A row of figures; of names and the reason, where it failed and there are `names`."""
    record = _of(row)
    if record.status == "ok" or not names:
        line = _line([_aligned(field.cells[id(row)], field) for field in fields])
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
        _DOUBTFUL: "noisy or disturbed, never the best (column flags)",
        _OUTSIDER: "other data, order, weights or network than its rivals: not compared",
    }
    cells = [cell.plain for field in fields for cell in field.cells.values()]
    used = [mark for mark in marks if any(mark in (cell[:1], cell[-1:]) for cell in cells)]
    return [Text(), *(Text(f"{mark} {marks[mark]}") for mark in used)] if used else []
