"""The leaderboard of one fair group, as a table of the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchsuite.measure.flags import DOUBTFUL
from benchsuite.records import Record
from benchsuite.report.columns.column import Column
from benchsuite.report.columns.figures import Figure, figures_for, is_doubtful, show_figure
from benchsuite.report.columns.quantities import extents
from benchsuite.report.fairness.comparable import best, mismatched
from benchsuite.report.fairness.groups import SETTING
from benchsuite.report.leaderboard.pareto import pareto_best
from benchsuite.report.leaderboard.rows import columns_of
from benchsuite.report.page.plots import PARETO
from benchsuite.report.page.source import Entry
from benchsuite.report.page.table import Cell, Heading, Row, Table

#: Figures that are shown at first; the others are a box to tick away.
_FIRST = 8
#: What may differ from row to row within one setting.
_CONDITIONS = ("run", "origin", "seed", "fold", "optimizer", "learning_rate", "train_batch_size")
_TEXTS = ("equality", "flags")
_BEST, _FRONT, _OUTSIDER = "*", "◆", "≠"

_Cells = list[Cell | str]


def leaderboard(entries: Sequence[Entry], caption: str) -> Table:
    """Every row of a group, whatever its status."""
    records = [entry.record for entry in entries]
    columns = {column.name: column for column in columns_of(records)}
    conditions = [columns[name] for name in _CONDITIONS if _differs(records, columns[name])]
    figures = [f for f in figures_for(columns.values()) if _is_known(records, columns[f.column])]
    headings = [
        Heading("architecture", columns["architecture"].description, choices=True),
        Heading("backend", columns["backend"].description, choices=True),
        Heading("status", columns["status"].description, choices=True),
        *(_condition(column) for column in conditions),
        Heading("input", "height × width × channels of the images it is measured on"),
        *(_heading(f, columns[f.column], place) for place, f in enumerate(figures)),
        Heading("front", "on the Pareto front of test accuracy and latency", choices=True),
        *(Heading(name, columns[name].description, extra=True) for name in _TEXTS),
        Heading("reason", columns["reason"].description),
    ]
    parts: list[list[_Cells]] = [
        _names(records),
        *(_plain_cells(records, column) for column in conditions),
        [[extents(record.case.input_shape)] for record in records],
        *(_figure_cells(records, figure, columns[figure.column]) for figure in figures),
        _front(records),
        *(_plain_cells(records, columns[name]) for name in (*_TEXTS, "reason")),
    ]
    rows = [
        Row(entry.key, [cell for part in parts for cell in part[place]])
        for place, entry in enumerate(entries)
    ]
    return Table(caption, headings, rows)


def _differs(records: Sequence[Record], column: Column) -> bool:
    return column.name not in SETTING and len({column.read(record) for record in records}) > 1


def _is_known(records: Sequence[Record], column: Column) -> bool:
    return any(column.read(record) is not None for record in records)


def _condition(column: Column) -> Heading:
    numeric = column.type != "text"
    return Heading(column.name.replace("_", " "), column.description, numeric, choices=True)


def _heading(figure: Figure, column: Column, place: int) -> Heading:
    return Heading(
        figure.header.replace("\n", ", "),
        column.description,
        numeric=True,
        descending=column.better == "higher",
        extra=place >= _FIRST,
    )


def _names(records: Sequence[Record]) -> list[_Cells]:
    """Architecture, backend and status of each."""
    outside = mismatched(records)
    return [
        [
            record.case.architecture,
            _backend(record, is_mismatched=id(record) in outside),
            record.status if record.status == "ok" else Cell(record.status, look="bad"),
        ]
        for record in records
    ]


def _backend(record: Record, *, is_mismatched: bool) -> Cell | str:
    name = record.case.backend
    if not is_mismatched:
        return name
    return Cell(name, note=f"{_OUTSIDER} not compared: other data, order, weights or network")


def _plain_cells(records: Sequence[Record], column: Column) -> list[_Cells]:
    def cell(record: Record) -> Cell | str:
        value = column.read(record)
        if isinstance(value, int | float):
            return Cell(str(value), float(value))
        return value or ""

    return [[cell(record)] for record in records]


def _figure_cells(records: Sequence[Record], figure: Figure, column: Column) -> list[_Cells]:
    winners = best(records, column, figure.show)
    return [[_figure_cell(record, figure, column, winners)] for record in records]


def _figure_cell(record: Record, figure: Figure, column: Column, winners: set[int]) -> Cell | str:
    value = column.read(record)
    if not isinstance(value, int | float):
        return ""
    text = show_figure(figure, column, record)
    if id(record) in winners:
        return Cell(f"{text}{_BEST}", float(value), look="best")
    if is_doubtful(column, record):
        return Cell(text, float(value), note=doubts(record, column.measured), look="doubtful")
    return Cell(text, float(value))


def doubts(record: Record, measured: Callable[[Record], object] | None) -> str:
    """The flags that make a figure doubtful, in words."""
    found = measured(record) if measured else None
    flags = [flag for flag in getattr(found, "flags", ()) if flag in DOUBTFUL]
    return ", ".join(flag.replace("_", " ") for flag in flags)


def _front(records: Sequence[Record]) -> list[_Cells]:
    front = pareto_best(records, PARETO)
    return [[f"{_FRONT} front" if id(record) in front else ""] for record in records]
