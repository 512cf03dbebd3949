"""The leaderboard on the terminal: a section for each architecture, best figures marked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from benchsuite.records import Record
from benchsuite.report.columns.column import Value
from benchsuite.report.columns.figures import show_networks
from benchsuite.report.fairness.comparable import comparable_groups
from benchsuite.report.fairness.verdicts import pair_verdicts
from benchsuite.report.leaderboard.captions import caption, legend, pair_verdict_line, title
from benchsuite.report.leaderboard.cells import GAP, Field, Row, record_of
from benchsuite.report.leaderboard.ranking_table import RankingTable, ranking_tables
from benchsuite.report.leaderboard.rows import columns_of
from benchsuite.report.leaderboard.view import View, view_of

if TYPE_CHECKING:
    from rich.console import RenderableType

_STYLES: Mapping[str, str] = {"best": "bold green", "doubtful": "bright_black", "bad": "red"}


def leaderboard_table(
    records: Sequence[Record], view: View | None = None, *, wide: bool = False
) -> RenderableType:
    """Records as tables of at most 80 columns, or with every figure where `wide`.

    Marked are the best of rows that may be compared, and rows on a front of accuracy. Rows that
    a fair ranking may not mix are in tables of their own.
    """
    asked = view or view_of(columns_of(records))
    tables = ranking_tables(records, asked, wide=wide, bars=wide)
    return Group(
        *caption(tables, asked, wide=wide),
        *(line for table in tables for line in _Printer(table, asked).lines(title(table, tables))),
        *legend(tables),
    )


class _Printer:
    """Draws one table."""

    def __init__(self, table: RankingTable, view: View) -> None:
        self._table, self._view = table, view
        self._widths = {id(field): field.width(table.rows) for field in table.fields}

    def lines(self, name: str) -> list[RenderableType]:
        heading = [Text(), Text(name, "bold magenta")] if name else []
        sections = [line for value in self._table.sections for line in self._section(value)]
        return [*heading, *self._header(), *sections]

    def _header(self) -> list[Text]:
        fields = self._table.fields
        # A header of one line stands at the bottom, right above its figures.
        halves = [["", *field.header.split("\n")][-2:] for field in fields]
        rows = [
            _line(
                self._aligned(Text(half[index]), field)
                for half, field in zip(halves, fields, strict=True)
            )
            for index in range(2)
        ]
        return [Text(), *(Text(row.plain.rstrip(), "bold") for row in rows)]

    def _section(self, value: Value) -> list[RenderableType]:
        """Its name, and its rows; of one architecture, its networks and their verdicts."""
        members, section = self._table.sections[value], self._view.section
        rows = [self._row(row) for row in members]
        if section is None:
            return [Text(), *rows]
        name = Text("none" if value is None else str(value), "bold cyan")
        if section.name != "architecture":
            return [Text(), name, *rows]
        records = [row for row in members if isinstance(row, Record)]
        said = [
            pair_verdict_line(verdict)
            for comparable in comparable_groups(records)
            for verdict in pair_verdicts(comparable)
        ]
        return [Text(), Text.assemble(name, "  ", show_networks(records)), *rows, *said]

    def _row(self, row: Row) -> RenderableType:
        """A row of figures; of names and the reason, where it failed and no field says so."""
        outcome = self._table.outcome
        if record_of(row).status == "ok" or outcome is None:
            line = _line(self._cell(row, field) for field in self._table.fields)
            line.rstrip()
            return line
        named = _line(self._cell(row, field) for field in self._table.names)
        grid = Table.grid()
        grid.add_column(no_wrap=True)
        # A reason is shown to its end: rich would put dots for what is too wide.
        grid.add_column(overflow="fold")
        grid.add_row(named, Text(f"{GAP}{outcome.shown(row)}", _STYLES["bad"]))
        return grid

    def _cell(self, row: Row, field: Field) -> Text:
        style = _STYLES.get(field.cells[row.row_key].look, "")
        return self._aligned(Text(field.shown(row), style), field)

    def _aligned(self, cell: Text, field: Field) -> Text:
        cell.align(field.align, self._widths[id(field)])
        return cell


def _line(cells: Iterable[Text]) -> Text:
    return Text(GAP).join([Text(), *cells])
