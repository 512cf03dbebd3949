"""Markdown tables of figures, as GitHub and the Hugging Face hub show them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from benchsuite.records import Record
from benchsuite.report.column import Column
from benchsuite.report.columns import COLUMNS
from benchsuite.report.contest import best, outsiders
from benchsuite.report.fairness import FairGroup, fair_groups
from benchsuite.report.figures import Figure, figures_for, show_figure
from benchsuite.report.leaderboard import columns_of, in_order
from benchsuite.report.markdown import escaped
from benchsuite.report.page.naming import group_name

#: What a short table has: the first of these figures that anything is known of.
SHORT = 6
#: Told apart, within rows that one ranking may hold, where they differ.
_CONDITIONS = (
    *("run", "seed", "fold", "origin", "equality"),
    *("optimizer", "learning_rate", "train_batch_size"),
)
#: Above a table, sizes are said as one.
_UNSAID = ("train_input_", "bad_images")
_BY_NAME = {column.name: column for column in COLUMNS}
LEGEND = (
    "**Bold**: best of the rows that may be compared. ~: doubtful. ≠: other data or another "
    "network than its rivals. Tables are never ranked together."
)


def table(headers: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: int = 0) -> str:
    """A table of cells that are Markdown already; the last `numbers` columns are figures.

    Without padding: GitHub takes no comment of more than 65,536 characters.
    """
    ruler = ["---"] * (len(headers) - numbers) + ["--:"] * numbers
    return "\n".join(f"| {' | '.join(row)} |" for row in (headers, ruler, *rows))


def ranked_tables(records: Sequence[Record], most: int | None = SHORT) -> Iterator[str]:
    """For each ranking that is fair, what its rows have in common and a table of them."""
    for group in fair_groups(in_order([r for r in records if r.status == "ok"])):
        yield f"{_caption(group)}\n\n{_figures_table(group.records, most)}"


def unfinished_table(records: Sequence[Record]) -> str:
    """The cases that are not ok, with their reasons; empty where there are none."""
    rows = [
        [escaped(record.case.id), record.status, escaped(record.reason)]
        for record in in_order(records)
        if record.status != "ok"
    ]
    return table(["case", "status", "reason"], rows) if rows else ""


def _caption(group: FairGroup) -> str:
    known = [
        name
        for name, value in group.setting.items()
        if value is not None and not name.startswith(_UNSAID)
    ]
    return escaped(group_name(group, known))


def _figures_table(records: Sequence[Record], most: int | None) -> str:
    columns = {column.name: column for column in columns_of(records)}
    figures = [
        figure
        for figure in figures_for(columns.values())
        if any(show_figure(figure, columns[figure.column], record) for record in records)
    ][:most]
    conditions = [
        _BY_NAME[name]
        for name in _CONDITIONS
        if len({_BY_NAME[name].read(record) for record in records}) > 1
    ]
    outside = outsiders(records)
    shown = [_shown(figure, columns[figure.column], records) for figure in figures]
    rows = [
        [*_names(record, conditions, outside), *(cells[id(record)] for cells in shown)]
        for record in records
    ]
    headers = [
        *("network", "backend", *(column.name for column in conditions)),
        *(escaped(", ".join(figure.header.split("\n"))) for figure in figures),
    ]
    return table(headers, rows, numbers=len(figures))


def _names(record: Record, conditions: Sequence[Column], outside: set[int]) -> list[str]:
    mark = " ≠" if id(record) in outside else ""
    values = (column.read(record) for column in conditions)
    return [
        escaped(record.case.architecture),
        f"{escaped(record.case.backend)}{mark}",
        *("" if value is None else escaped(value) for value in values),
    ]


def _shown(figure: Figure, column: Column, records: Sequence[Record]) -> dict[int, str]:
    """A cell for each row, by `id`."""
    winners = best(records, column, figure.show)
    cells = {id(record): escaped(show_figure(figure, column, record)) for record in records}
    return {key: f"**{cell}**" if key in winners else cell for key, cell in cells.items()}
