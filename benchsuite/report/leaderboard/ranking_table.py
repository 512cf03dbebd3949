"""The leaderboard's tables for people: which rows stand together, and which fields they have.

The terminal, the documents and the page draw what is decided here: conditions, marks and bests
are computed once.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from benchsuite.metrics.declared import LATENCY
from benchsuite.records import Record
from benchsuite.report.columns.column import Column, Value
from benchsuite.report.columns.conditions import CONDITIONS, NAMES, distinct, telling_apart
from benchsuite.report.columns.figures import figures_for
from benchsuite.report.columns.repeats import repeats_in
from benchsuite.report.fairness.comparable import mismatched
from benchsuite.report.fairness.groups import FairGroup, fair_groups
from benchsuite.report.leaderboard.cells import (
    GAP,
    MISMATCHED,
    ON_FRONT,
    Field,
    Row,
    bar_field,
    figure_field,
    name_field,
    outcome_field,
    rank_field,
    record_of,
)
from benchsuite.report.leaderboard.rows import in_order
from benchsuite.report.leaderboard.view import View

#: Width that a narrow table keeps to, whatever the terminal.
NARROW = 80
#: Marks stand beside the first of these that the table shows.
_MARKED = ("backend", "architecture")
_OUTCOME = ("status", "reason")
_NOT_COMPARED = "not compared: other data, order, weights or network"


@dataclass(frozen=True, eq=False)
class RankingTable:
    """Rows that a fair ranking may mix, and below them the means of repeats.

    sections: the rows, by what the view's column of sections says of them.
    fields: in the order of the table. outcome: for rows that did not end well; None where
        fields have the status and the reason.
    unranked: sorted columns in which no row has a place.
    """

    group: FairGroup
    sections: Mapping[Value, Sequence[Row]]
    fields: Sequence[Field]
    outcome: Field | None
    unranked: Sequence[Column]

    @property
    def rows(self) -> list[Row]:
        """All of them, section by section."""
        return [row for rows in self.sections.values() for row in rows]

    @property
    def names(self) -> list[Field]:
        """The fields that tell rows apart."""
        return [field for field in self.fields if field.kind in ("name", "rank")]


def ranking_tables(
    records: Sequence[Record], view: View, *, wide: bool, bars: bool = False
) -> list[RankingTable]:
    """The tables of all records: one for each setting that a fair ranking may not mix.

    Fields are those that the view chose, else every figure where `wide`, else as many as fit
    beside the names into 80 columns, the sorted ones first.

    bars: whether latency is also drawn.
    """
    groups = fair_groups(in_order(records, view.sort))
    return [ranking_table(group, view, wide=wide, bars=bars) for group in groups]


def ranking_table(group: FairGroup, view: View, *, wide: bool, bars: bool = False) -> RankingTable:
    """The table of one group: see `ranking_tables`."""
    return _Maker(group, view).table(wide=wide, bars=bars)


class _Maker:
    """Makes the table of one group of rows."""

    def __init__(self, group: FairGroup, view: View) -> None:
        self._group, self._view = group, view
        self._records = group.records
        self._rows: list[Row] = [*group.records, *repeats_in(group.records)]
        self._by_name = {column.name: column for column in view.known}
        self._sections = self._in_sections()

    def table(self, *, wide: bool, bars: bool) -> RankingTable:
        view = self._view
        ranks, unranked = self._ranks()
        columns = view.chosen or self._name_columns(wide=wide)
        fields = [*ranks, *(self._field(column, columns) for column in columns)]
        outcome = [self._by_name[name] for name in _OUTCOME]
        if not view.chosen:
            figures = list(self._figures(with_bar=bars))
            fields += figures if wide else self._fitting(figures, NARROW - self._width(fields))
            fields += [name_field(self._rows, column) for column in outcome if wide]
        tells = wide or any(column in view.chosen for column in outcome)
        said = None if tells else outcome_field(self._rows)
        return RankingTable(self._group, self._sections, fields, said, unranked)

    def _in_sections(self) -> Mapping[Value, Sequence[Row]]:
        column = self._view.section
        sections: dict[Value, list[Row]] = {}
        for row in self._rows:
            name = column.read(record_of(row)) if column else None
            sections.setdefault(name, []).append(row)
        return sections

    def _name_columns(self, *, wide: bool) -> list[Column]:
        """What tells rows apart, and what they are sorted by unless it is a figure."""
        known = [c for c in CONDITIONS if c.name != "data" and distinct(self._records, c)]
        columns = [
            *(self._by_name[name] for name in NAMES),
            *(known if wide else telling_apart(self._records, CONDITIONS)),
            *(key.column for key in self._view.sort if not key.column.figure),
            *([self._by_name["pareto"]] if wide else []),
        ]
        return [column for column in dict.fromkeys(columns) if column != self._view.section]

    def _field(self, column: Column, shown: Sequence[Column]) -> Field:
        """A column as people see it; marks stand beside the backend, else the architecture."""
        if column.figure:
            return figure_field(self._records, self._rows, column)
        plain = name_field(self._rows, column)
        marked = next((name for name in _MARKED if self._by_name[name] in shown), "")
        return self._marked(plain) if column.name == marked else plain

    def _marked(self, field: Field) -> Field:
        """Rows that are not compared have a mark, and those on a front of accuracy."""
        left_out, fronts = mismatched(self._records), self._by_name["pareto"]
        cells = dict(field.cells)
        for record in self._records:
            key, front = record.row_key, fronts.read(record)
            if key in left_out:
                cells[key] = replace(cells[key], mark=MISMATCHED, note=_NOT_COMPARED)
            elif front is not None:
                note = f"front of accuracy against {front}"
                cells[key] = replace(cells[key], mark=ON_FRONT, note=note)
        return replace(field, cells=cells)

    def _ranks(self) -> tuple[list[Field], list[Column]]:
        """Fields of places in the sorted columns, and the columns in which there are none."""
        ranked = {
            key.column: rank_field(self._records, self._rows, key.column)
            for key in self._view.sort
            if key.column.better
        }
        empty = [c for c, field in ranked.items() if not any(x.text for x in field.cells.values())]
        return [field for c, field in ranked.items() if c not in empty], empty

    def _figures(self, *, with_bar: bool) -> Iterator[Field]:
        """Every figure that a row has: those that rows are sorted by, then by importance."""
        # What somebody sorts by must not fall out of 80 columns.
        first = [key.column for key in self._view.sort if key.column.figure]
        for column in dict.fromkeys([*first, *figures_for(self._view.known)]):
            if distinct(self._records, column):
                yield figure_field(self._records, self._rows, column)
                if with_bar and column.name == LATENCY.column_name():
                    yield bar_field(self._sections.values(), column)

    def _width(self, fields: Sequence[Field]) -> int:
        """Of a line that holds them all."""
        return sum(len(GAP) + field.width(self._rows) for field in fields)

    def _fitting(self, fields: Sequence[Field], room: int) -> list[Field]:
        """As many of the first fields as there is room for, and at least one."""
        widths = accumulate(self._width([field]) for field in fields)
        return list(fields[: max(1, sum(width <= room for width in widths))])
