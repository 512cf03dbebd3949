"""The cells of a ranking table: what is read, what it is sorted by, and how it is marked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len

from benchsuite.records import Record
from benchsuite.report.columns.column import Column
from benchsuite.report.columns.figures import doubts, show_figure
from benchsuite.report.columns.quantities import bar
from benchsuite.report.columns.repeats import Repeats, mean_and_interval
from benchsuite.report.fairness.comparable import best
from benchsuite.report.leaderboard.ranks import ranks

GAP = "  "
#: Marks behind a row's name or its figures.
BEST, MISMATCHED, ON_FRONT = "*", "≠", "◆"

Row = Record | Repeats


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell.

    value: what it is sorted by, where that is a number.
    mark: one of the marks above, or empty. look: how the cell stands out.
    note: why it is marked or doubtful, in words.
    """

    text: str = ""
    value: float | None = None
    mark: str = ""
    look: Literal["", "best", "doubtful", "bad"] = ""
    note: str = ""

    @property
    def marked(self) -> str:
        """The text with its mark."""
        gap = "" if self.mark in ("", BEST) else " "
        return f"{self.text}{gap}{self.mark}"


@dataclass(frozen=True, slots=True)
class Field:
    """A column of the table: a cell for each row, by the row's key.

    kind: `name` tells rows apart, `figure` is measured, `rank` and `bar` are made of figures, and
        `outcome` says what became of rows that did not end well.
    column: what it shows; None where it is none of the leaderboard's columns.
    """

    header: str
    cells: Mapping[str, Cell]
    kind: Literal["name", "figure", "rank", "bar", "outcome"]
    column: Column | None = None

    @property
    def align(self) -> Literal["left", "right"]:
        """Numbers stand to the right."""
        if self.kind in ("figure", "rank"):
            return "right"
        numeric = self.column is not None and self.column.type != "text"
        return "right" if numeric and self.kind == "name" else "left"

    def shown(self, row: Row) -> str:
        """A row's cell as plain text. In figures, the mark has a place of its own."""
        cell = self.cells[row.row_key]
        return f"{cell.text}{cell.mark or ' '}" if self.kind == "figure" else cell.marked

    def width(self, rows: Iterable[Row]) -> int:
        """That of the widest cell, the header's lines included."""
        return max(map(cell_len, (*self.header.split("\n"), *map(self.shown, rows))))


def record_of(row: Row) -> Record:
    """A record that says what all of a row's share."""
    return row.records[0] if isinstance(row, Repeats) else row


def name_field(rows: Sequence[Row], column: Column) -> Field:
    """A column as it is; `mean of 3` where the rows of a mean differ in it."""
    cells = {row.row_key: _name(row, column) for row in rows}
    return Field(column.name.replace("_", " "), cells, "name", column)


def _name(row: Row, column: Column) -> Cell:
    if isinstance(row, Repeats) and len(set(row.values(column))) > 1:
        return Cell(f"mean of {len(row.records)}")
    value = column.read(record_of(row))
    text = "" if value is None else " ".join(str(value).split())
    return Cell(text, float(value) if isinstance(value, int | float) else None)


def rank_field(records: Sequence[Record], rows: Sequence[Row], column: Column) -> Field:
    """The place of each row in a column, blank where it has none."""
    places = ranks(records, column, column.shown.show)
    blank = {row.row_key: Cell() for row in rows}
    cells = {**blank, **{key: Cell(str(place), float(place)) for key, place in places.items()}}
    return Field(f"rank by\n{column.shown.header.splitlines()[0]}", cells, "rank")


def figure_field(records: Sequence[Record], rows: Sequence[Row], column: Column) -> Field:
    """A figure in people's digits and units; the best are marked, and doubtful ones say why."""
    winners = best(records, column, column.shown.show)
    cells = {
        row.row_key: Cell(_mean(row, column))
        if isinstance(row, Repeats)
        else _figure(row, column, wins=row.row_key in winners)
        for row in rows
    }
    return Field(column.shown.header, cells, "figure", column)


def _figure(record: Record, column: Column, *, wins: bool) -> Cell:
    value = column.read(record)
    if not isinstance(value, int | float):
        return Cell()
    text = show_figure(column, record)
    if wins:
        return Cell(text, float(value), BEST, "best")
    if flags := doubts(column, record):
        note = ", ".join(flags).replace("_", " ")
        return Cell(text, float(value), look="doubtful", note=note)
    return Cell(text, float(value))


def _mean(repeats: Repeats, column: Column) -> str:
    """Blank where one of them has no such figure."""
    values = [v for v in repeats.values(column) if isinstance(v, int | float)]
    if len(values) < len(repeats.records):
        return ""
    middle, half = mean_and_interval(values)
    return f"{column.shown.show(middle)} ±{column.shown.show(half)}"


def bar_field(sections: Iterable[Sequence[Row]], column: Column) -> Field:
    """A figure as a bar beside the largest of its section's."""
    cells = {}
    for rows in sections:
        values = {row.row_key: column.read(row) for row in rows if isinstance(row, Record)}
        known = {key: value for key, value in values.items() if isinstance(value, int | float)}
        largest = max(known.values(), default=0)
        for row in rows:
            share = known.get(row.row_key, 0) / largest if largest else 0
            cells[row.row_key] = Cell(bar(share))
    return Field("of the slowest", cells, "bar")


def outcome_field(rows: Sequence[Row]) -> Field:
    """What became of rows that did not end well."""
    cells = {}
    for row in rows:
        record = record_of(row)
        failed = record.status != "ok"
        said = f"{record.status}: {' '.join(record.reason.split())}" if failed else ""
        cells[row.row_key] = Cell(said, look="bad" if failed else "")
    return Field("outcome", cells, "outcome")
