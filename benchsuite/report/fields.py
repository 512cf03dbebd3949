"""The fields of the leaderboard for people: a header, and a cell for each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from benchsuite.records import Record
from benchsuite.report.column import Column, Value
from benchsuite.report.contest import best
from benchsuite.report.figures import Figure, figures_for, is_doubtful, show_figure
from benchsuite.report.leaderboard import columns_of
from benchsuite.report.repeats import Repeats, mean_and_interval

GAP = "  "
#: Marks beside a row's name or its figures.
BEST, OUTSIDER = "*", "≠"

Row = Record | Repeats


@dataclass(frozen=True, slots=True)
class Field:
    """One column of the printed table: a cell for each row, by `id`."""

    header: str
    cells: Mapping[int, Text]
    align: str = "left"

    @property
    def width(self) -> int:
        """That of the widest cell, the header's lines included."""
        texts = [*self.header.split("\n"), *(cell.plain for cell in self.cells.values())]
        return max(map(cell_len, texts))


def record_of(row: Row) -> Record:
    """A record that says what all of a row's share."""
    return row.first if isinstance(row, Repeats) else row


def distinct(records: Sequence[Record], column: Column) -> list[Value]:
    """What a column says, each value once; records that do not say are left out."""
    values = dict.fromkeys(column.read(record) for record in records)
    return [value for value in values if value is not None]


def backend_field(rows: Sequence[Row], outside: set[int]) -> Field:
    """The backend's name, marked where the row is among those `outside`."""
    cells = {}
    for row in rows:
        mark = f" {OUTSIDER}" if id(row) in outside else ""
        cells[id(row)] = Text(f"{record_of(row).case.backend}{mark}")
    return Field("backend", cells)


def plain_field(rows: Sequence[Row], column: Column) -> Field:
    """A column as it is; `mean of 3` where the rows of a mean differ in it."""
    return Field(column.name.replace("_", " "), {id(row): _plain(row, column) for row in rows})


def _plain(row: Row, column: Column) -> Text:
    if isinstance(row, Repeats) and len(set(row.values(column))) > 1:
        return Text(f"mean of {len(row.records)}")
    value = column.read(record_of(row))
    return Text("" if value is None else str(value))


def figure_fields(records: Sequence[Record], rows: Sequence[Row]) -> list[Field]:
    """Every figure that any of the records has, in order of importance."""
    columns = {column.name: column for column in columns_of(records)}
    return [
        _figure_field(records, rows, figure, columns[figure.column])
        for figure in figures_for(columns.values())
        if distinct(records, columns[figure.column])
    ]


def _figure_field(
    records: Sequence[Record], rows: Sequence[Row], figure: Figure, column: Column
) -> Field:
    winners = best(records, column, figure.show)
    cells = {}
    for row in rows:
        if isinstance(row, Repeats):
            cells[id(row)] = Text(f"{_mean(row, figure, column)} ")
            continue
        wins = id(row) in winners
        shown = f"{show_figure(figure, column, row)}{BEST if wins else ' '}"
        style = "bright_black" if is_doubtful(column, row) else ""
        cells[id(row)] = Text(shown, "bold green" if wins else style)
    return Field(figure.header, cells, "right")


def _mean(repeats: Repeats, figure: Figure, column: Column) -> str:
    """Blank where one of them has no such figure."""
    values = [v for v in repeats.values(column) if isinstance(v, int | float)]
    if len(values) < len(repeats.records):
        return ""
    middle, half = mean_and_interval(values)
    return f"{figure.show(middle)} ±{figure.show(half)}"


def width_of(fields: Sequence[Field]) -> int:
    """Of a line that holds them all."""
    return sum(len(GAP) + field.width for field in fields)


def fitting(fields: Sequence[Field], room: int) -> list[Field]:
    """As many of the first fields as there is room for, and at least one."""
    count = 1
    while count < len(fields) and width_of(fields[: count + 1]) <= room:
        count += 1
    return list(fields[:count])
