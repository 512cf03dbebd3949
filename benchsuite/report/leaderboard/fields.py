"""The fields of the leaderboard for people: a header, and a cell for each row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from benchsuite.records import Record
from benchsuite.report.columns.column import Column, Value
from benchsuite.report.columns.figures import Figure, is_doubtful, show_figure
from benchsuite.report.columns.quantities import bar
from benchsuite.report.columns.repeats import Repeats, mean_and_interval
from benchsuite.report.fairness.comparable import best
from benchsuite.report.leaderboard.ranks import ranks

GAP = "  "
#: Marks beside a row's name or its figures.
BEST, MISMATCHED, ON_FRONT = "*", "≠", "◆"

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


def marked_field(rows: Sequence[Row], column: Column, outside: set[int], fronts: Column) -> Field:
    """A column as it is, marked where the row is among those `outside`, or on a front."""
    plain = plain_field(rows, column)
    for row in rows:
        on_front = isinstance(row, Record) and fronts.read(row) is not None
        mark = f" {MISMATCHED}" if id(row) in outside else f" {ON_FRONT}" if on_front else ""
        plain.cells[id(row)].append(mark)
    return plain


def plain_field(rows: Sequence[Row], column: Column) -> Field:
    """A column as it is; `mean of 3` where the rows of a mean differ in it."""
    align = "left" if column.type == "text" else "right"
    header = column.name.replace("_", " ")
    return Field(header, {id(row): _plain(row, column) for row in rows}, align)


def _plain(row: Row, column: Column) -> Text:
    if isinstance(row, Repeats) and len(set(row.values(column))) > 1:
        return Text(f"mean of {len(row.records)}")
    value = column.read(record_of(row))
    return Text("" if value is None else " ".join(str(value).split()))


def rank_field(
    records: Sequence[Record], rows: Sequence[Row], figure: Figure, column: Column
) -> Field:
    """The place of each row in a column, blank where it has none."""
    places = ranks(records, column, figure.show)
    cells = {id(row): Text(str(places.get(id(row), ""))) for row in rows}
    return Field(f"rank by\n{figure.header.splitlines()[0]}", cells, "right")


def figure_field(
    records: Sequence[Record], rows: Sequence[Row], figure: Figure, column: Column
) -> Field:
    """A figure in people's digits and units; the best are marked, doubtful ones are grey."""
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


def bar_field(sections: Iterable[Sequence[Row]], column: Column) -> Field:
    """A figure as a bar beside the largest of its section's."""
    cells = {}
    for rows in sections:
        values = {id(row): column.read(row) for row in rows if isinstance(row, Record)}
        known = {key: value for key, value in values.items() if isinstance(value, int | float)}
        largest = max(known.values(), default=0)
        for row in rows:
            share = known[id(row)] / largest if id(row) in known and largest else 0
            cells[id(row)] = Text(bar(share))
    return Field("of the slowest", cells)


def width_of(fields: Sequence[Field]) -> int:
    """Of a line that holds them all."""
    return sum(len(GAP) + field.width for field in fields)


def fitting(fields: Sequence[Field], room: int) -> list[Field]:
    """As many of the first fields as there is room for, and at least one."""
    count = 1
    while count < len(fields) and width_of(fields[: count + 1]) <= room:
        count += 1
    return list(fields[:count])
