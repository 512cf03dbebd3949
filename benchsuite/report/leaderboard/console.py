"""The leaderboard on the terminal: a section for each architecture, best figures marked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from benchsuite.records import Record
from benchsuite.report.columns.column import Value
from benchsuite.report.columns.figures import show_networks
from benchsuite.report.fairness.comparable import comparison_groups, mismatched
from benchsuite.report.fairness.verdicts import pair_verdicts
from benchsuite.report.leaderboard.boards import Board, boards_of
from benchsuite.report.leaderboard.captions import caption, legend, pair_verdict_line, title
from benchsuite.report.leaderboard.fields import GAP, Field, Row, record_of
from benchsuite.report.leaderboard.rows import columns_of
from benchsuite.report.leaderboard.view import View, view_of

if TYPE_CHECKING:
    from rich.console import RenderableType


def leaderboard_table(
    records: Sequence[Record], view: View | None = None, *, wide: bool = False
) -> RenderableType:
    """Records as tables of at most 80 columns, or with every figure where `wide`.

    Rows that did not end well show their status and reason. The best figures of an
    architecture are marked, among rows that may be compared only, and rows on a front of
    accuracy. Below the rows of several seeds or folds stands their mean, with its interval.
    Rows that a fair ranking may not mix are in tables of their own.
    """
    asked = view or view_of(columns_of(records))
    boards = boards_of(records, asked, wide=wide, bars=wide)
    return Group(
        *caption(boards, asked, wide=wide),
        *(line for board in boards for line in _board(board, title(board, boards), asked)),
        *legend(boards),
    )


def _board(board: Board, name: str, view: View) -> list[RenderableType]:
    heading = [Text(), Text(name, "bold magenta")] if name else []
    lines = [line for value in board.sections for line in _section(board, value, view)]
    return [*heading, *_header(board.fields), *lines]


def _header(fields: Sequence[Field]) -> list[Text]:
    lines = [["", *field.header.split("\n")][-2:] for field in fields]
    rows = [
        _line(
            [_aligned(Text(pair[index]), field) for pair, field in zip(lines, fields, strict=True)]
        )
        for index in range(2)
    ]
    return [Text(), *(Text(row.plain.rstrip(), "bold") for row in rows)]


def _section(board: Board, value: Value, view: View) -> list[RenderableType]:
    """Its name, and its rows; of one architecture, its networks and what may be said of them."""
    rows = [_row(row, board) for row in board.sections[value]]
    if view.section is None:
        return [Text(), *rows]
    name = Text("none" if value is None else str(value), "bold cyan")
    if view.section.name != "architecture":
        return [Text(), name, *rows]
    records = [row for row in board.sections[value] if isinstance(row, Record)]
    outside = mismatched(records)
    said = [
        pair_verdict_line(pair_verdict)
        for comparable in comparison_groups(r for r in records if id(r) not in outside)
        for pair_verdict in pair_verdicts(comparable)
    ]
    return [Text(), Text.assemble(name, "  ", show_networks(records)), *rows, *said]


def _row(row: Row, board: Board) -> RenderableType:
    """A row of figures; of names and the reason, where it failed and no field says so."""
    record = record_of(row)
    if record.status == "ok" or board.tells_outcome:
        line = _line([_aligned(field.cells[id(row)], field) for field in board.fields])
        line.rstrip()
        return line
    named = _line([_aligned(field.cells[id(record)], field) for field in board.names])
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
