"""The plots of one fair group of rows, in the order in which the page shows them."""

from collections.abc import Mapping, Sequence

from benchsuite.contract.quantity import Quantity
from benchsuite.metrics.declared import DEVICE_MEMORY, HOST_MEMORY, LATENCY, TOP1
from benchsuite.report.columns.column import Column
from benchsuite.report.columns.columns import HEADLINES, column_of
from benchsuite.report.columns.figures import doubts
from benchsuite.report.leaderboard.pareto import ACCURACY, pareto_best
from benchsuite.report.page import curves, plot
from benchsuite.report.page.plot import Look, Plot, PlotView, Trace
from benchsuite.report.page.source import PageEntry

_LATENCY = column_of(LATENCY)
#: What the front is of: accuracy and latency.
PARETO = (ACCURACY, _LATENCY)
_MS, _MB = LATENCY.shown.factor, HOST_MEMORY.shown.factor
_FEWEST_SPOKES = 3


def plots_of(entries: Sequence[PageEntry]) -> list[Plot]:
    """Every plot of rows that one ranking may hold."""
    looks = plot.looks_of(entry.record.case.backend for entry in entries)
    fit = plot.finished(entries)
    return [
        accuracy_latency(fit, looks),
        curves.latency_distribution(fit, looks),
        curves.throughput_by_batch(fit, looks),
        curves.training_curves(fit, looks),
        memory(fit, looks),
        one_architecture(fit, looks),
    ]


def accuracy_latency(entries: Sequence[PageEntry], looks: Mapping[str, Look]) -> Plot:
    """Each row by what it knows and how long an image takes it, and which none beats in both."""
    known = [e for e in entries if all(column.read(e.record) is not None for column in PARETO)]
    data = [_cloud(name, group, looks[name]) for name, group in plot.by_backend(known)]
    front = pareto_best([e.record for e in known], PARETO)
    best = sorted((e for e in known if e.record.row_key in front), key=_latency_ms)
    if best:
        data.append(_front(best))
    layout = {
        "xaxis": plot.log_axis(LATENCY.title, map(_latency_ms, known)),
        "yaxis": plot.share_axis(f"test {TOP1.title}"),
    }
    return Plot(
        "accuracy-latency",
        "Accuracy against latency",
        "Up and to the left is better. The line is the Pareto front: rows that no other beats in "
        "both. Accuracy is of the trained size, latency of the network's own; bars are 95 % "
        "intervals, hollow symbols doubtful figures.",
        [PlotView("", data, layout)] if data else [],
        "No row has both an accuracy and a latency.",
    )


def _cloud(name: str, entries: Sequence[PageEntry], look: Look) -> Trace:
    records = [entry.record for entry in entries]
    return plot.scatter(
        "markers",
        name,
        map(_latency_ms, entries),
        map(ACCURACY.read, records),
        error_x=_interval(entries),
        text=[plot.shown(plot.label(record)) for record in records],
        customdata=[entry.key for entry in entries],
        marker=look.marker([bool(doubts(_LATENCY, record)) for record in records]),
        hovertemplate="%{text}<br>%{x:.3g} ms, %{y:.3f}",
    )


def _latency_ms(entry: PageEntry) -> float:
    value = _LATENCY.read(entry.record)
    assert isinstance(value, int | float)  # noqa: S101 - callers leave out rows without one
    return value * _MS


def _interval(entries: Sequence[PageEntry]) -> Trace:
    """Above and below each latency, in ms; nothing where there is no interval."""
    found = [entry.record.measurement(LATENCY.name) for entry in entries]
    sides = [
        ((m.high - m.value) * _MS, (m.value - m.low) * _MS)
        if m and m.value is not None and m.low is not None and m.high is not None
        else (None, None)
        for m in found
    ]
    above, below = [side[0] for side in sides], [side[1] for side in sides]
    return {"type": "data", "symmetric": False, "array": above, "arrayminus": below, "width": 0}


def _front(entries: Sequence[PageEntry]) -> Trace:
    records = [entry.record for entry in entries]
    return plot.scatter(
        "lines",
        "Pareto front",
        map(_latency_ms, entries),
        map(ACCURACY.read, records),
        text=[plot.shown(plot.label(record)) for record in records],
        line={"shape": "hv", "color": plot.NEUTRAL, "dash": "dot", "width": 2},
        hoverinfo="skip",
    )


def memory(entries: Sequence[PageEntry], looks: Mapping[str, Look]) -> Plot:
    """The peak of memory of each network, a line each."""
    data = [
        trace
        for memory in (HOST_MEMORY, DEVICE_MEMORY)
        for name, group in plot.by_backend(entries)
        if (trace := _peaks(f"{name}, {memory.short}", memory, group, looks[name]))["x"]
    ]
    names = {plot.shown(entry.record.case.architecture) for entry in entries}
    layout = {
        "xaxis": plot.log_axis(
            f"peak of memory, {HOST_MEMORY.shown.unit}", [x for trace in data for x in trace["x"]]
        ),
        "yaxis": plot.axis("", type="category", categoryorder="category descending"),
        "height": 160 + 22 * len(names),
    }
    return Plot(
        "memory",
        "Memory",
        "Largest memory while the network is built and called at batch 1: of the process on the "
        "host, framework included (filled), and on the device (hollow). Less is better.",
        [PlotView("", data, layout)] if data else [],
        "No row has a peak of memory.",
    )


def _peaks(name: str, memory: Quantity, entries: Sequence[PageEntry], look: Look) -> Trace:
    column = column_of(memory)
    sizes = [(e, v) for e in entries if isinstance(v := column.read(e.record), int)]
    return plot.scatter(
        "markers",
        name,
        (value * _MB for _, value in sizes),
        (plot.shown(entry.record.case.architecture) for entry, _ in sizes),
        customdata=[entry.key for entry, _ in sizes],
        marker=look.marker([memory == DEVICE_MEMORY] * len(sizes)),
        hovertemplate="%{y}<br>%{x:,.0f} MB",
    )


def one_architecture(entries: Sequence[PageEntry], looks: Mapping[str, Look]) -> Plot:
    """A radar of one architecture over backends: each figure as a share of the best."""
    layout = {"polar": {"radialaxis": {"range": [0, 1.05], "angle": 90, "tickangle": 90}}}
    views = plot.views_by_architecture(entries, layout, lambda members: _radar(members, looks))
    return Plot(
        "one-architecture",
        "One architecture on every backend",
        "Each figure as a share of the best of these rows, which is 1: farther out is better on "
        "every spoke, of latency and memory too.",
        [view for view in views if view.data],
        "No architecture has three figures on two rows.",
    )


def _radar(entries: Sequence[PageEntry], looks: Mapping[str, Look]) -> list[Trace]:
    spokes = {c.shown.header.split("\n")[0]: _shares(entries, c) for c in HEADLINES}
    known = {name: shares for name, shares in spokes.items() if shares}
    if len(known) < _FEWEST_SPOKES:
        return []
    around = [*known, next(iter(known))]
    return [
        {
            "type": "scatterpolar",
            "mode": "lines+markers",
            "name": plot.shown(name),
            "theta": around,
            "r": [known[spoke][place] for spoke in around],
            "line": looks[entry.record.case.backend].line(),
            "marker": {"symbol": looks[entry.record.case.backend].symbol, "size": 8},
            "hovertemplate": "%{theta}: %{r:.2f} of the best",
        }
        for place, (name, entry) in enumerate(zip(plot.labels(entries), entries, strict=True))
    ]


def _shares(entries: Sequence[PageEntry], column: Column) -> list[float | None]:
    """Of the best figure, for each; nothing unless two have one."""
    values = [column.read(entry.record) for entry in entries]
    found = [value for value in values if isinstance(value, int | float) and value > 0]
    if len(found) < 2:  # noqa: PLR2004 - a share of oneself says nothing
        return []
    if column.better == "higher":
        return [v / max(found) if isinstance(v, int | float) else None for v in values]
    return [min(found) / v if isinstance(v, int | float) and v > 0 else None for v in values]
