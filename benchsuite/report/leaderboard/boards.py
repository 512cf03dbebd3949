"""The leaderboard's tables for people: which rows stand together, and which fields they have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchsuite.records import Record
from benchsuite.report.columns.column import Column, Value
from benchsuite.report.columns.figures import figure_for, figures_for
from benchsuite.report.columns.repeats import repeats_in
from benchsuite.report.fairness.comparable import mismatched
from benchsuite.report.fairness.groups import FairGroup, fair_groups
from benchsuite.report.leaderboard.fields import (
    Field,
    Row,
    bar_field,
    distinct,
    figure_field,
    fitting,
    marked_field,
    plain_field,
    rank_field,
    record_of,
    width_of,
)
from benchsuite.report.leaderboard.rows import in_order
from benchsuite.report.leaderboard.view import View

#: Width that a narrow table keeps to, whatever the terminal.
NARROW = 80
#: What tells rows of one architecture and backend apart: each has a field where it differs.
CONDITIONS = (
    *("run", "dataset", "seed", "fold", "device", "device_name", "threads", "precision"),
    *("tier", "division", "origin", "protocol", "isolation", "process_settings"),
)
_NAMES = ("architecture", "backend")
_MARKED = ("backend", "architecture")
_OUTCOME = ("status", "reason")
_LATENCY = "latency_batch1_p50_s"


@dataclass(frozen=True, eq=False)
class Board:
    """One table: rows that a fair ranking may mix, and below them the means of repeats.

    sections: the rows, by what the view's column of sections says of them.
    names: of the fields, those that tell rows apart.
    tells_outcome: whether fields have the status and the reason of rows that did not end well.
    unranked: sorted columns in which no row has a place.
    """

    group: FairGroup
    sections: Mapping[Value, Sequence[Row]]
    fields: Sequence[Field]
    names: Sequence[Field]
    tells_outcome: bool
    unranked: Sequence[Column]


def boards_of(
    records: Sequence[Record], view: View, *, wide: bool, bars: bool = False
) -> list[Board]:
    """The tables of all records: one for each setting that a fair ranking may not mix.

    Fields are those that the view chose, else every figure where `wide`, else as many as fit
    beside the names into 80 columns, the sorted ones first.

    bars: whether latency is also drawn.
    """
    groups = fair_groups(in_order(records, view.sort))
    return [_Maker(group, view).board(wide=wide, bars=bars) for group in groups]


class _Maker:
    """Makes the table of one group of rows."""

    def __init__(self, group: FairGroup, view: View) -> None:
        self._group, self._view = group, view
        self._records = group.records
        self._rows: list[Row] = [*group.records, *repeats_in(group.records)]
        self._by_name = {column.name: column for column in view.known}
        self._sections = self._in_sections()

    def board(self, *, wide: bool, bars: bool) -> Board:
        view, outcome = self._view, [self._by_name[name] for name in _OUTCOME]
        ranks, unranked = self._ranks()
        columns = view.chosen or self._name_columns(wide=wide)
        shown = [(column, self._field(column, columns)) for column in columns]
        names = [*ranks, *(field for column, field in shown if not figures_for([column]))]
        fields = [*ranks, *(field for _, field in shown)]
        if not view.chosen:
            figures = list(self._figures(with_bar=bars))
            fields += figures if wide else fitting(figures, NARROW - width_of(names))
            fields += [plain_field(self._rows, column) for column in outcome if wide]
        tells_outcome = wide or any(column in view.chosen for column in outcome)
        return Board(self._group, self._sections, fields, names, tells_outcome, unranked)

    def _in_sections(self) -> Mapping[Value, Sequence[Row]]:
        column = self._view.section
        sections: dict[Value, list[Row]] = {}
        for row in self._rows:
            name = column.read(record_of(row)) if column else None
            sections.setdefault(name, []).append(row)
        return sections

    def _name_columns(self, *, wide: bool) -> list[Column]:
        """What tells rows apart, and what they are sorted by unless it is a figure."""
        conditions = [
            column
            for column in (self._by_name[name] for name in CONDITIONS)
            if wide or len(distinct(self._records, column)) > 1
        ]
        columns = [
            *(self._by_name[name] for name in _NAMES),
            *conditions,
            *(key.column for key in self._view.sort if not figures_for([key.column])),
            *([self._by_name["pareto"]] if wide else []),
        ]
        return [column for column in dict.fromkeys(columns) if column != self._view.section]

    def _field(self, column: Column, shown: Sequence[Column]) -> Field:
        """A column as people see it; marks stand beside the backend, else the architecture."""
        if figures_for([column]):
            return figure_field(self._records, self._rows, figure_for(column), column)
        marked = next((name for name in _MARKED if self._by_name[name] in shown), "")
        if column.name != marked:
            return plain_field(self._rows, column)
        outside, fronts = mismatched(self._records), self._by_name["pareto"]
        return marked_field(self._rows, column, outside, fronts)

    def _ranks(self) -> tuple[list[Field], list[Column]]:
        """Fields of places in the sorted columns, and the columns in which there are none."""
        ranked = {
            key.column: rank_field(self._records, self._rows, figure_for(key.column), key.column)
            for key in self._view.sort
            if key.column.better
        }
        empty = [c for c, field in ranked.items() if not any(map(len, field.cells.values()))]
        return [field for c, field in ranked.items() if c not in empty], empty

    def _figures(self, *, with_bar: bool) -> Iterator[Field]:
        """Every figure that a row has: those that rows are sorted by, then by importance."""
        asked = [figure_for(key.column) for key in self._view.sort]
        figures = figures_for(self._view.known)
        first = [figure for figure in asked if figure in figures]
        for figure in dict.fromkeys([*first, *figures]):
            column = self._by_name[figure.column]
            if distinct(self._records, column):
                yield figure_field(self._records, self._rows, figure, column)
                if with_bar and figure.column == _LATENCY:
                    yield bar_field(self._sections.values(), column)
