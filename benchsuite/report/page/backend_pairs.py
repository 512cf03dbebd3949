"""Backend against backend: the same networks on both, and the line on which they are equal."""

from collections.abc import Mapping, Sequence
from itertools import combinations

from benchsuite.records import Record
from benchsuite.report.columns.column import Column
from benchsuite.report.columns.columns import HEADLINES
from benchsuite.report.columns.figures import doubts
from benchsuite.report.columns.speed_columns import undeclared_columns
from benchsuite.report.fairness.comparable import comparable_groups
from benchsuite.report.page import plot
from benchsuite.report.page.plot import Plot, PlotView, Trace
from benchsuite.report.page.source import PageEntry

Pair = tuple[Record, Record]


def backend_against_backend(entries: Sequence[PageEntry]) -> Plot:
    """Each pair of backends in each figure, over all networks that both have run alike."""
    fit = plot.finished(entries)
    probes = [one for one in undeclared_columns(entry.record for entry in fit) if one.measured]
    keys = {entry.record.row_key: entry.key for entry in fit}
    views = [
        view
        for names, pairs in _pairs([entry.record for entry in fit]).items()
        for column in (*HEADLINES, *probes)
        if (view := _view(column, names, pairs, keys))
    ]
    return Plot(
        "backend-backend",
        "Backend against backend",
        "Each point is one network on two backends under the same terms, whatever these are; on "
        "the line both are equal. Hollow symbols are doubtful figures.",
        views,
        "No network was run on two backends under the same terms.",
    )


def _pairs(records: Sequence[Record]) -> dict[tuple[str, str], list[Pair]]:
    """Rows that may be compared, by the names of their two backends."""
    found: dict[tuple[str, str], list[Pair]] = {}
    for comparable in comparable_groups(records):
        # By name, so that two backends have one view and not one for each order.
        ordered = sorted(comparable, key=lambda record: record.case.backend)
        for one, other in combinations(ordered, 2):
            names = (one.case.backend, other.case.backend)
            if names[0] != names[1]:
                found.setdefault(names, []).append((one, other))
    return dict(sorted(found.items()))


def _view(
    column: Column, names: tuple[str, str], pairs: Sequence[Pair], keys: Mapping[str, str]
) -> PlotView | None:
    quantity, read = column.quantity, column.read
    assert quantity  # noqa: S101 - headlines are of declared quantities
    factor, logarithmic = quantity.shown.factor, quantity.unit != "fraction"
    points = [
        (pair, float(a) * factor, float(b) * factor)
        for pair in pairs
        if isinstance(a := read(pair[0]), int | float)
        if isinstance(b := read(pair[1]), int | float)
        if not logarithmic or min(a, b) > 0
    ]
    if not points:
        return None
    values = [value for _, *both in points for value in both]
    titles = [plot.shown(f"{name}: {quantity.title}") for name in names]
    x, y = (plot.log_axis(t, values) if logarithmic else plot.share_axis(t) for t in titles)
    name = f"{quantity.label}: {names[1]} against {names[0]}"
    data = [_equality(values), _cloud(points, column, keys)]
    return PlotView(name, data, {"xaxis": x, "yaxis": y})


def _cloud(
    points: Sequence[tuple[Pair, float, float]], column: Column, keys: Mapping[str, str]
) -> Trace:
    doubtful = [any(doubts(column, record) for record in pair) for pair, *_ in points]
    firsts, xs, ys = zip(*((pair[0], x, y) for pair, x, y in points), strict=True)
    terms = [f"{c.tier}, {c.precision}, {c.threads} threads" for c in (r.case for r in firsts)]
    return plot.scatter(
        "markers",
        "networks",
        xs,
        ys,
        text=[plot.shown(f"{plot.label(r)}, {t}") for r, t in zip(firsts, terms, strict=True)],
        customdata=[keys[first.row_key] for first in firsts],
        marker=plot.looks_of(("networks",))["networks"].marker(doubtful),
        hovertemplate="%{text}<br>%{x:.3g}, %{y:.3g}",
    )


def _equality(values: Sequence[float]) -> Trace:
    ends = [min(values), max(values)]
    line = {"color": plot.NEUTRAL, "dash": "dot", "width": 2}
    return plot.scatter("lines", "equal", ends, ends, line=line, hoverinfo="skip")
