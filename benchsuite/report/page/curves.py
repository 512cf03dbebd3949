"""Plots of one architecture at a time, a curve for each of its rows."""

from collections.abc import Callable, Mapping, Sequence

from benchsuite.metrics.declared import INFERENCE, LATENCY, SWEEP, TOP1
from benchsuite.records import Training
from benchsuite.report.page import plot
from benchsuite.report.page.plot import Look, Plot, Trace
from benchsuite.report.page.samples import PROBABILITIES, evenly, points_for
from benchsuite.report.page.source import PageEntry

_MS = LATENCY.shown.factor
_MOST_STEPS = 300


def latency_distribution(entries: Sequence[PageEntry], looks: Mapping[str, Look]) -> Plot:
    """How many of all calls at batch 1 took less than so long."""
    sampled = [entry for entry in entries if entry.of(LATENCY.name)]
    layout = {
        "xaxis": plot.axis(LATENCY.title, type="log"),
        "yaxis": plot.axis("share of calls that took less, fraction", range=[0, 1]),
    }

    def curve(entry: PageEntry, name: str) -> list[Trace]:
        (found,) = entry.of(LATENCY.name)
        ms = [plot.drawn(seconds * _MS) for seconds in found.quantiles_s]
        said = "%{y:.1%} below %{x:.3g} ms"
        return [{**_line(entry, name, looks), "x": ms, "y": PROBABILITIES, "hovertemplate": said}]

    return Plot(
        "latency-distribution",
        "Distribution of latencies",
        "Empirical distribution of all timed calls of every process, each process with the same "
        "weight. A steep line is a steady latency; a long way to the right above 0.9, a tail.",
        _views(sampled, layout, curve),
        "There are no raw samples of latency beside the records.",
    )


def throughput_by_batch(entries: Sequence[PageEntry], looks: Mapping[str, Look]) -> Plot:
    """Images per second over the batch sizes that were measured."""
    layout = {
        "xaxis": plot.axis("batch size, images", type="log", dtick="D1"),
        "yaxis": plot.axis(INFERENCE.title, rangemode="tozero"),
    }

    def curve(entry: PageEntry, name: str) -> list[Trace]:
        rates = _rates(entry)
        points = {"x": list(rates), "y": [plot.drawn(rate) for rate in rates.values()]}
        said = "batch %{x}: %{y:,.3s} images/s"
        line = _line(entry, name, looks)
        return [{**line, **points, "mode": "lines+markers", "hovertemplate": said}]

    several = 2
    return Plot(
        "throughput-batch",
        "Throughput against batch size",
        "Forward passes on resident data. Where the curve has become flat, larger batches bring "
        "nothing but waiting.",
        _views([entry for entry in entries if len(_rates(entry)) >= several], layout, curve),
        "No row was measured at several batch sizes: the protocol full does that.",
    )


def _rates(entry: PageEntry) -> dict[int, float]:
    """Images per second by batch size: of the sweep, or the figure where there is one."""
    swept = {one.batch_size: one.images_per_s for one in entry.of(SWEEP.name)}
    figures = {
        m.batch_size: m.value
        for m in entry.record.findings.measurements
        if m.metric == INFERENCE.name and m.batch_size and m.value
    }
    return dict(sorted({**swept, **figures}.items()))


def training_curves(entries: Sequence[PageEntry], looks: Mapping[str, Look]) -> Plot:
    """The loss before each step, and the accuracy on the validation split after each epoch."""
    layout = {
        "xaxis": plot.axis("steps", anchor="y2"),
        "yaxis": plot.axis("training loss, nats", domain=[0.52, 1], rangemode="tozero"),
        "yaxis2": plot.axis(f"validation {TOP1.title}", domain=[0, 0.46], rangemode="tozero"),
        "height": 560,
    }
    most = min(_MOST_STEPS, points_for(len(entries)))

    def curve(entry: PageEntry, name: str) -> list[Trace]:
        return _learning(entry, name, looks, most)

    trained = [e for e in entries if e.record.findings.training]
    return Plot(
        "training-curves",
        "Training curves",
        f"Above, the loss before each step (at most {most} steps of each row, evenly taken); "
        "below, accuracy on the validation split after each epoch. In the matched division "
        "curves of one architecture begin at the same point.",
        _views(trained, layout, curve),
        "No row was trained.",
    )


def _learning(entry: PageEntry, name: str, looks: Mapping[str, Look], most: int) -> list[Trace]:
    training = entry.record.findings.training
    assert training  # noqa: S101 - callers leave out rows without
    places = evenly(len(training.step_losses), most) if training.step_losses else []
    line = _line(entry, name, looks)
    return [
        {
            **line,
            "x": [place + 1 for place in places],
            "y": [plot.drawn(training.step_losses[place]) for place in places],
            "hovertemplate": "step %{x}: %{y:.3f} nats",
        },
        {
            **line,
            **_validated(training),
            "name": f"{line['name']}, validation",
            "mode": "lines+markers",
            "yaxis": "y2",
            "showlegend": False,
            "hovertemplate": "after step %{x}: %{y:.3f}",
        },
    ]


def _validated(training: Training) -> Trace:
    """Accuracy after each epoch, over the steps taken by then."""
    steps, after = 0, []
    for epoch in training.epochs:
        steps += epoch.steps
        after.append(steps)
    return {"x": after, "y": [epoch.validation.get(TOP1.name) for epoch in training.epochs]}


def _views(
    entries: Sequence[PageEntry],
    layout: plot.Layout,
    curve: Callable[[PageEntry, str], list[Trace]],
) -> list[plot.PlotView]:
    """Of each architecture, what is drawn of each of its rows."""

    def traces(members: Sequence[PageEntry]) -> list[Trace]:
        named = zip(plot.labels(members), members, strict=True)
        return [trace for name, entry in named for trace in curve(entry, name)]

    return plot.views_by_architecture(entries, layout, traces)


def _line(entry: PageEntry, name: str, looks: Mapping[str, Look]) -> Trace:
    look = looks[entry.record.case.backend]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": plot.shown(name),
        "legendgroup": plot.shown(name),
        "line": look.line(),
        "marker": {"symbol": look.symbol, "color": look.colour, "size": 7},
    }
