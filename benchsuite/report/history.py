"""A figure from run to run: one line a case, and where it went to another level."""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Literal

from benchsuite.measure.flags import DISQUALIFYING
from benchsuite.measure.statistics.steps import step_places
from benchsuite.report.columns.column import Column
from benchsuite.report.comparison.change import is_ratio
from benchsuite.report.comparison.incomparability import terms_of
from benchsuite.report.comparison.rows import Row, identities, number_in

_BARS = "▁▂▃▄▅▆▇█"
#: Of what is missing or disturbed.
_MISSING = "×"
#: Bars span at least so much of the figure: what differs by less looks level.
_LEAST_SPAN = 0.1


@dataclass(frozen=True, slots=True)
class LevelChange:
    """Another level, from a run on; `change` as a comparison's: a ratio or a difference."""

    run: str
    change: float
    answer: Literal["better", "worse"]


@dataclass(frozen=True, slots=True)
class CaseHistory:
    """One case in order of time; a figure is None where it is missing, or its flags exclude it."""

    rows: Sequence[Row]
    figures: Sequence[float | None]
    steps: Sequence[LevelChange]

    @property
    def known(self) -> list[float]:
        """The figures that are there."""
        return [figure for figure in self.figures if figure is not None]

    @property
    def sparkline(self) -> str:
        """A bar for each run."""
        low, high = min(self.known), max(self.known)
        middle = (low + high) / 2
        span = max(high - low, _LEAST_SPAN * abs(middle)) or 1.0
        places = (0.0 if f is None else (f - middle) / span + 0.5 for f in self.figures)
        bars = (_BARS[min(len(_BARS) - 1, int(place * len(_BARS)))] for place in places)
        return "".join(
            _MISSING if figure is None else bar
            for figure, bar in zip(self.figures, bars, strict=True)
        )


def histories(rows: Sequence[Row], column: Column) -> list[CaseHistory]:
    """Every case of which any run has the figure, in the order of the first run of each."""
    # Rows of one series agree in what a comparison asks for: else a new GPU would be a change.
    agreed = terms_of(column)
    in_time = sorted(rows, key=lambda row: str(row.cell("started")))
    series: dict[Hashable, list[Row]] = {}
    latest: dict[Hashable, Hashable] = {}
    for row, key in zip(in_time, identities((in_time,))[0], strict=True):
        own = (key, *(row.cell(name) for name in agreed))
        # of a case that did not run, the setting is not known
        place = own if row.cell("status") == "ok" else latest.get(key, own)
        latest[key] = place
        series.setdefault(place, []).append(row)
    found = (_history(members, column) for members in series.values())
    return [history for history in found if history.known]


def _history(rows: Sequence[Row], column: Column) -> CaseHistory:
    figures = [_figure(row, column) for row in rows]
    known = [(row, figure) for row, figure in zip(rows, figures, strict=True) if figure is not None]
    return CaseHistory(rows, figures, _steps(known, column) if known else [])


def _figure(row: Row, column: Column) -> float | None:
    measured = row.measured(column)
    excluded = measured is not None and not DISQUALIFYING.isdisjoint(measured.flags)
    if excluded or row.cell("status") != "ok" or row.cell(column.name) is None:
        return None
    return number_in(row, column)


def _steps(known: Sequence[tuple[Row, float]], column: Column) -> list[LevelChange]:
    """Of ratios on a logarithmic scale."""
    figures = [figure for _, figure in known]
    ratio = is_ratio(column) and all(figure > 0 for figure in figures)
    # A step of 10 % is as large on a slow machine as on a fast one.
    places = step_places([math.log(f) for f in figures] if ratio else figures)
    levels = [median(figures[a:b]) for a, b in pairwise([0, *places, len(figures)])]
    return [
        LevelChange(
            str(known[place][0].cell("run")),
            after / before if ratio else after - before,
            "better" if (after > before) == (column.better == "higher") else "worse",
        )
        for place, (before, after) in zip(places, pairwise(levels), strict=True)
    ]
