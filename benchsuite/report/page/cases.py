"""What the page of one case shows: blocks of facts, tables, plots and text.

Cases share most of what is said of them (recipe, ledger, versions): each block is stored once.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec
import numpy as np

from benchsuite.contract.quantity import usual_scale
from benchsuite.measure.statistics.estimates import pooled_quantiles
from benchsuite.metrics import CONTESTED, METRICS
from benchsuite.records import Measurement, Record
from benchsuite.records.certificate import Certificate
from benchsuite.records.series import Series
from benchsuite.report.columns.quantities import extents
from benchsuite.report.page.findings import certificates
from benchsuite.report.page.plot import COLOURS, Plot, PlotView, axis, scatter, shown
from benchsuite.report.page.samples import SampledFigure
from benchsuite.report.page.source import PageEntry, Source
from benchsuite.report.page.table import Table, plain

_NS_PER_MS = 1e6


class Block(msgspec.Struct, frozen=True, omit_defaults=True):
    """One part under its title; of the others, one is there."""

    title: str
    facts: list[tuple[str, str]] | None = None
    table: Table | None = None
    plot: Plot | None = None
    text: str = ""


class CasePages(msgspec.Struct, frozen=True):
    """By key, a case's title and the places of its blocks in `blocks`."""

    blocks: list[msgspec.Raw]
    cases: dict[str, tuple[str, list[int]]]


def case_pages(source: Source) -> CasePages:
    """The page of every case."""
    places: dict[bytes, int] = {}
    cases = {}
    for entry in source.entries:
        encoded = [msgspec.json.encode(block) for block in blocks_of(entry, source.certificates)]
        numbers = [places.setdefault(block, len(places)) for block in encoded]
        case = entry.record.case
        cases[entry.key] = (f"{case.architecture} on {case.backend}", numbers)
    return CasePages([msgspec.Raw(block) for block in places], cases)


def blocks_of(entry: PageEntry, known: Sequence[Certificate]) -> Iterator[Block]:
    """In the order of the page; what nobody found out is left out."""
    record = entry.record
    yield Block("Outcome", facts=_outcome(record))
    if record.log_tail:
        yield Block("Last lines of the log", text=record.log_tail)
    if record.findings.measurements:
        yield Block("Figures", table=_figures(record.findings.measurements))
    if entry.sampled:
        yield Block("Raw samples", plot=_raw(entry.sampled))
        yield Block("Processes", table=_processes(entry.sampled))
    yield from _training(record)
    if record.findings.size:
        yield Block("Network", facts=_facts(msgspec.to_builtins(record.findings.size)))
    if record.findings.rooflines:
        yield Block("Rooflines", table=_structs("Rooflines", record.findings.rooflines))
    fitting = [one for one in known if one.is_of(record)]
    if fitting:
        yield Block("Certificates", table=certificates(fitting))
    case = msgspec.to_builtins(record.case)
    yield Block("Recipe", facts=_facts(case.pop("recipe")))
    yield Block("Case", facts=_facts(case))
    if record.findings.phases:
        yield Block("Where the time went", table=_structs("Phases", record.findings.phases))
    yield Block("Versions", facts=_facts(record.findings.versions))
    if record.findings.ledger:
        yield Block("Fairness ledger", table=_ledger(record.findings.ledger))


def _outcome(record: Record) -> list[tuple[str, str]]:
    known = {
        "status": record.status,
        "reason": record.reason,
        "device": f"{record.case.device} {record.findings.device_name}",
        "equality": record.equality,
        "run": record.run,
        "case": record.case.id,
        "started": record.started,
        "ended": record.ended,
        "benchsuite": record.benchsuite_version,
    }
    return _facts(known)


def _facts(values: Mapping[str, object]) -> list[tuple[str, str]]:
    """Names and values as texts; what is not known is left out."""
    return [
        (name.replace("_", " "), _text(name, value))
        for name, value in values.items()
        if value not in (None, "", [], {})
    ]


def _text(name: str, value: object) -> str:
    if isinstance(value, list | tuple):
        return extents(value) if name.endswith("_shape") else ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{key} {part}" for key, part in value.items())
    if isinstance(value, float):
        return f"{value:.6g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _figures(found: Sequence[Measurement]) -> Table:
    names = ("figure", "batch", "unit", "value", "low", "high", "below with 99 %", "processes")
    headings = (*names, "samples", "flags", "refused because")
    return plain("Figures, with the ends of their 95 % intervals", headings, map(_figure, found))


def _figure(m: Measurement) -> list[object]:
    declared = METRICS.get(m.metric)
    scale = declared.shown if declared else usual_scale(m.unit)
    ends = [None if x is None else x * scale.factor for x in (m.value, m.low, m.high, m.bound)]
    flags = ", ".join(flag.replace("_", " ") for flag in m.flags)
    return [m.label, m.batch_size, scale.unit, *ends, len(m.values), m.samples, flags, m.refused]


def _raw(sampled: Sequence[SampledFigure]) -> Plot:
    """Every figure's samples, round after round."""
    return Plot(
        "raw-samples",
        "Raw samples",
        "Each point is one timed call, or one window of several, in the order taken; whole "
        "numbers begin a round, which is a process of its own. Warm-up is left out.",
        [_raw_view(one) for one in sampled],
    )


def _raw_view(one: SampledFigure) -> PlotView:
    first = one.series[0]
    what = f"{first.images} images in {first.calls} calls" if first.calls > 1 else "one call"
    name, unit = f"{one.label}, batch {one.batch_size}", shown(one.scale.unit)
    title = first.declared.title if first.declared else f"{one.scale.unit} for {what}"
    trace = scatter(
        "markers",
        name,
        one.rounds,
        (value * one.scale.factor for value in one.shown),
        marker={"color": COLOURS[0], "size": 4},
        hovertemplate="round %{x:.2f}: %{y:.4g} " + unit,
    )
    count = f"{len(one.shown):,} of {one.total:,} samples"
    layout = {"xaxis": axis("round"), "yaxis": axis(shown(title), rangemode="tozero")}
    return PlotView(f"{name} ({count})", [trace], layout)


def _processes(sampled: Sequence[SampledFigure]) -> Table:
    """What each process sampled, and what else happened meanwhile."""
    names = ("figure", "batch", "round", "attempt", "warm-ups", "samples")
    times = ("least, ms", "median, ms", "p99, ms", "most, ms")
    return plain(
        "Processes, from all of their samples",
        (*names, *times, "cores used", "others' CPU, %", "flags"),
        (
            [one.label, one.batch_size, *_process(series)]
            for one in sampled
            if one.metric in CONTESTED
            for series in one.series
        ),
    )


def _process(series: Series) -> list[object]:
    samples, reading = np.asarray(series.samples), series.reading
    quantiles = pooled_quantiles([samples], (0.0, 0.5, 0.99, 1.0)) / _NS_PER_MS
    foreign = reading.foreign_fraction
    return [
        *(series.round, series.attempt, len(series.warmups), len(series.samples)),
        *quantiles.tolist(),
        reading.cores_used,
        None if foreign is None else foreign * 100,
        ", ".join(flag.replace("_", " ") for flag in series.flags),
    ]


def _training(record: Record) -> Iterator[Block]:
    training = record.findings.training
    if training is None:
        return
    outcome = {
        "ended": training.ended,
        "time_to_target_s": training.time_to_target_s,
        "split sizes": training.split_sizes,
        **{f"test_{name}": value for name, value in training.test.items()},
        **{f"validation_{name}": value for name, value in training.validation.items()},
    }
    yield Block("Training", facts=_facts(outcome))
    metrics = list(dict.fromkeys(name for epoch in training.epochs for name in epoch.validation))
    names = ("epoch", "steps", "images", "mean loss, nats", "learning rate", "wall, s", "input, s")
    headings = (*names, *(name.replace("_", " ") for name in metrics))
    rows = (
        [
            *(number, epoch.steps, epoch.images, epoch.mean_loss_nats),
            *(epoch.learning_rate, epoch.train_s, epoch.input_wait_s),
            *(epoch.validation.get(name) for name in metrics),
        ]
        for number, epoch in enumerate(training.epochs, start=1)
    )
    table = plain("Epochs, and what was validated after each", headings, rows)
    yield Block("Epochs", table=table)
    yield Block("Digests", facts=_facts(msgspec.to_builtins(training.digests)))


def _structs(caption: str, structs: Sequence[msgspec.Struct]) -> Table:
    """A column a field."""
    fields = structs[0].__struct_fields__
    rows = ([getattr(one, field) for field in fields] for one in structs)
    return plain(caption, (field.replace("_", " ") for field in fields), rows)


def _ledger(ledger: Mapping[str, str]) -> Table:
    """A line a setting, a column a task."""
    parted = {key: key.partition(".") for key in ledger}
    tasks = list(dict.fromkeys(task for task, _, _ in parted.values()))
    settings = dict.fromkeys(name for _, _, name in parted.values())
    return plain(
        "Settings as read back in the processes of each task",
        ("setting", *tasks),
        ([name, *(ledger.get(f"{task}.{name}") for task in tasks)] for name in settings),
    )
