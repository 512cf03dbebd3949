"""A ranking table as a table of the page: see `benchsuite.report.leaderboard.ranking_table`."""

from collections.abc import Sequence

from benchsuite.records import Record
from benchsuite.report.columns.conditions import INPUT, WITHIN_SETTING, distinct, telling_apart
from benchsuite.report.columns.figures import figures_for
from benchsuite.report.fairness.groups import FairGroup
from benchsuite.report.leaderboard import cells
from benchsuite.report.leaderboard.ranking_table import ranking_table
from benchsuite.report.leaderboard.rows import columns_of
from benchsuite.report.leaderboard.view import View
from benchsuite.report.page.table import Heading, PageCell, Row, Table

#: Figures that are shown at first; the others are a box to tick away.
_FIRST = 8
_NAMES = ("architecture", "backend", "status")
_TEXTS = ("pareto", "equality", "flags", "reason")
#: Texts that only who asks for every column sees.
_EXTRA = ("equality", "flags")


def leaderboard(group: FairGroup, caption: str) -> Table:
    """Every row of a group, whatever its status."""
    found = ranking_table(group, _view(group.records), wide=False)
    figures = [field.header for field in found.fields if field.kind == "figure"][:_FIRST]
    headings = [_heading(field, field.header in figures) for field in found.fields]
    rows = [
        Row(one.row_key, [_cell(field, one) for field in found.fields]) for one in group.records
    ]
    return Table(caption, headings, rows)


def _view(records: Sequence[Record]) -> View:
    """Names, what tells rows apart, every figure that a row has, and texts."""
    known = columns_of(records)
    columns = {column.name: column for column in known}
    apart = telling_apart(records, WITHIN_SETTING)
    chosen = [
        *(columns[name] for name in _NAMES),
        *(column for column in apart if column != INPUT),
        INPUT,
        *(column for column in figures_for(known) if distinct(records, column)),
        *(columns[name] for name in _TEXTS),
    ]
    return View(known, chosen, [], None)


def _heading(field: cells.Field, is_first: bool) -> Heading:
    column = field.column
    is_figure = field.kind == "figure"
    name = column.name if column else ""
    return Heading(
        field.header.replace("\n", ", "),
        column.description if column else "",
        numeric=field.align == "right",
        descending=is_figure and column is not None and column.better == "higher",
        choices=not is_figure and name not in (*_TEXTS[1:], INPUT.name),
        extra=(is_figure and not is_first) or name in _EXTRA,
    )


def _cell(field: cells.Field, record: Record) -> PageCell | str:
    cell = field.cells[record.row_key]
    if field.column is not None and field.column.name == "status" and record.status != "ok":
        return PageCell(cell.text, look="bad")
    if field.kind == "name" and cell.mark == cells.ON_FRONT:  # the fronts have a column
        return cell.text
    if field.kind == "name" and cell.mark:  # rows are chosen by the name alone
        return PageCell(cell.text, cell.value, f"{cell.mark} {cell.note}")
    if field.column is not None and field.column.name == "pareto" and cell.text:
        return f"{cells.ON_FRONT} {cell.text}"
    if cell.value is None and not (cell.note or cell.look):
        return cell.marked
    return PageCell(cell.marked, cell.value, cell.note, cell.look)
