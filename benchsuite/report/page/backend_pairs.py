"""Backend against backend: the same networks on both, and the line on which they are equal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

from benchsuite.records import Record
from benchsuite.report.columns.column import Column
from benchsuite.report.columns.figures import is_doubtful
from benchsuite.report.fairness.comparable import comparable_groups
from benchsuite.report.page import plot
from benchsuite.report.page.plot import Layout, Plot, Trace, View
from benchsuite.report.page.source import Entry

#: Column -> (what it is, with its unit; the factor to it; whether the axes are logarithmic).
_FIGURES = {
    "latency_batch1_p50_s": ("latency, ms", 1e3, True),
    "inference_throughput_images_per_s": ("inference throughput, images/s", 1.0, True),
    "training_throughput_images_per_s": ("training throughput, images/s", 1.0, True),
    "test_top1_fraction": ("test accuracy (top 1), fraction", 1.0, False),
    "host_memory_peak_bytes": ("peak of host memory, MB", 1e-6, True),
    "device_memory_peak_bytes": ("peak of device memory, MB", 1e-6, True),
}

Pair = tuple[Record, Record]


def backend_against_backend(entries: Sequence[Entry]) -> Plot:
    """Each pair of backends in each figure, over all networks that both have run alike."""
    fit = plot.finished(entries)
    keys = {entry.record.row_key: entry.key for entry in fit}
    views = [
        view
        for names, pairs in _pairs([entry.record for entry in fit]).items()
        for column in _FIGURES
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
        ordered = sorted(comparable, key=lambda record: record.case.backend)
        for one, other in combinations(ordered, 2):
            names = (one.case.backend, other.case.backend)
            if names[0] != names[1]:
                found.setdefault(names, []).append((one, other))
    return dict(sorted(found.items()))


def _view(
    column: str, names: tuple[str, str], pairs: Sequence[Pair], keys: Mapping[str, str]
) -> View | None:
    title, factor, logarithmic = _FIGURES[column]
    read = plot.BY_NAME[column].read
    points = [
        (pair, float(a) * factor, float(b) * factor)
        for pair in pairs
        if isinstance(a := read(pair[0]), int | float)
        if isinstance(b := read(pair[1]), int | float)
        if not logarithmic or min(a, b) > 0
    ]
    if not points:
        return None
    data = [_equality([value for _, *both in points for value in both])]

    def scale(text: str) -> Layout:
        values = (value for _, *both in points for value in both)
        return plot.log_axis(text, values) if logarithmic else plot.share_axis(text)

    layout = {
        "xaxis": scale(plot.shown(f"{names[0]}: {title}")),
        "yaxis": scale(plot.shown(f"{names[1]}: {title}")),
    }
    name = f"{title.partition(',')[0]}: {names[1]} against {names[0]}"
    return View(name, [*data, _cloud(points, plot.BY_NAME[column], keys)], layout)


def _cloud(
    points: Sequence[tuple[Pair, float, float]], column: Column, keys: Mapping[str, str]
) -> Trace:
    doubtful = [any(is_doubtful(column, record) for record in pair) for pair, *_ in points]
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
