"""The leaderboard's columns of speed and memory: figures that come with an interval and flags."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

import msgspec

from benchsuite.contract.quantity import UNKNOWN_UNIT, Quantity
from benchsuite.measure.flags import at_own_batch
from benchsuite.metrics import METRICS, Declaration
from benchsuite.metrics.declared import HOST_MEMORY, INFERENCE, LATENCY, LATENCY_P99, TRAINING
from benchsuite.names import readable_line
from benchsuite.records import Measurement, Record, Roofline
from benchsuite.report.columns.column import (
    LAST,
    Column,
    Getter,
    Value,
    integer,
    number,
    of_quantity,
    text,
)
from benchsuite.report.columns.quantities import whole

Measured = Callable[[Record], Measurement | None]


def _measured(metric: str) -> Measured:
    return lambda record: at_own_batch(record, metric)


def _at_best_batch(record: Record) -> Measurement | None:
    """Of several batches that were measured, the one with the highest throughput."""
    found = [m for m in record.findings.measurements if m.metric == INFERENCE.name]
    several = 2
    # The best of one batch is the case's own, which has columns already.
    return max(found, key=lambda m: m.value or 0.0) if len(found) >= several else None


def _field(of: Callable[[Record], object], name: str) -> Getter:
    return lambda record: getattr(of(record), name, None)


def _batch_size(name: str, description: str, measured: Measured) -> Column:
    """That of the figure, which may have been backed off; the case's where there is none."""

    def get(record: Record) -> Value:
        found = measured(record)
        size: int = getattr(record.case, name)
        return found.batch_size or size if found else size

    return integer(name, description, get)


def _declared(metric: Declaration) -> Iterator[Column]:
    """The columns of one that benchsuite itself measures."""
    measured = _measured(metric.name)

    def whole_number(record: Record) -> Value:
        found = measured(record)
        return None if found is None or found.value is None else int(found.value)

    if metric.summary == "maximum":  # no process repeats it: there is no interval, and no verdict
        count = integer(metric.column_name(), metric.help, whole_number, metric.better)
        yield replace(of_quantity(count, metric, metric.importance), alias=metric.alias)
        return
    own, *ends = _with_interval(metric, metric.help, measured, metric.importance)
    yield replace(own, alias=metric.alias, ends=own.ends if metric.interval else ())
    yield from ends if metric.interval else ()


def _with_interval(
    quantity: Quantity, meaning: str, measured: Measured, importance: int | None
) -> tuple[Column, Column, Column]:
    """A figure, and the ends of its interval."""
    name, low, high = (quantity.column_name(end) for end in ("", "low", "high"))
    value = _field(measured, "value")
    figure = Column(name, "number", quantity.better, meaning, value, measured)
    return (
        replace(of_quantity(figure, quantity, importance), ends=(low, high)),
        number(low, "its 95 % interval", _field(measured, "low")),
        number(high, "likewise", _field(measured, "high")),
    )


def undeclared_columns(records: Iterable[Record]) -> Iterator[Column]:
    """The columns of figures that plugins' probes measured, by name."""
    # From what the records themselves say of them: the plugin need not be installed.
    found = {
        (one.metric, one.unit): one
        for record in records
        for one in record.findings.measurements
        if one.metric not in METRICS and one.unit != UNKNOWN_UNIT
    }
    # Versions of a plugin may disagree in the unit: figures of two units share no column.
    for metric, unit in sorted(found):
        quantity = _as_told(found[metric, unit])
        if quantity:
            figure, *ends = _with_interval(
                quantity, f"{quantity.label}, by a plugin's probe", _of_unit(metric, unit), LAST
            )
            yield from (replace(figure, alias=metric), *ends)


def _as_told(measurement: Measurement) -> Quantity | None:
    """What a record says of it, in clean words; None where its name could be no column's."""
    unit, label = (readable_line(words) for words in (measurement.unit, measurement.label))
    try:
        return Quantity(name=measurement.metric, unit=unit, better=measurement.better, label=label)
    except ValueError:  # a stranger's record
        return None


def _of_unit(metric: str, unit: str) -> Measured:
    def measured(record: Record) -> Measurement | None:
        found = record.measurement(metric)
        return found if found and found.unit == unit else None

    return measured


def _achieved(stem: str, measured: Measured, importance: int | None = None) -> Iterator[Column]:
    """What its roofline says of a throughput."""

    def roofline(record: Record) -> Roofline | None:
        found = measured(record)
        wanted = (found.metric, found.batch_size) if found else None
        known = (one for one in record.findings.rooflines if (one.metric, one.batch_size) == wanted)
        return next(known, None)

    achieved = number(
        f"{stem}_achieved_flops_per_s",
        "FLOPs of that throughput",
        _field(roofline, "achieved_flops_per_s"),
        "higher",
    )
    share = number(
        f"{stem}_share_of_ceiling_fraction",
        "of the most that any backend reached on the device: see `doctor --ceilings`",
        _field(roofline, "share_of_ceiling"),
        "higher",
    )
    if importance is None:
        yield from (achieved, share)
    else:
        yield achieved.shown_as(f"{stem}\nGFLOP/s", importance, 1e-9)
        yield share.shown_as(f"{stem}\nof ceiling", importance + 10)


def _processes(record: Record) -> Value:
    found = record.measurement(LATENCY.name)
    return len(found.values) if found else None


def _flags(record: Record) -> Value:
    flagged = [(m.metric, m.flags) for m in record.findings.measurements]
    if record.findings.training:
        flagged.append(("train", record.findings.training.flags))
    return "; ".join(dict.fromkeys(f"{what}: {', '.join(f)}" for what, f in flagged if f))


_BEST = msgspec.structs.replace(INFERENCE, short="best batch", column=f"best_{INFERENCE.column}")
_INFERENCE, _TRAINING = _measured(INFERENCE.name), _measured(TRAINING.name)
#: What stands before and behind the columns of a figure.
_BEFORE: Mapping[Declaration, tuple[Column, ...]] = {
    INFERENCE: (
        _batch_size(
            "inference_batch_size", "images in one forward pass of the throughput", _INFERENCE
        ),
    ),
    TRAINING: (
        _batch_size(
            "training_batch_size", "images in one training step of the throughput", _TRAINING
        ),
    ),
    HOST_MEMORY: (
        integer("processes", "number of processes that measured the speed", _processes).shown_as(
            "processes", 370, digits=whole
        ),
        text("flags", "what is wrong with which figure", _flags),
    ),
}
_BEHIND: Mapping[Declaration, tuple[Column, ...]] = {
    LATENCY_P99: (
        number(
            LATENCY_P99.column_name("bound"),
            "the 99th percentile is below this, with 99 % confidence",
            _field(_measured(LATENCY_P99.name), "bound"),
            "lower",
        ),
        integer(
            "latency_samples",
            "calls timed for the latency",
            _field(_measured(LATENCY.name), "samples"),
        ).shown_as("latency\nsamples", 360, digits=whole),
    ),
    INFERENCE: (
        *_achieved("inference", _INFERENCE, 140),
        integer(
            "best_inference_batch_size",
            "the measured batch size with the highest throughput",
            _field(_at_best_batch, "batch_size"),
        ).shown_as("best\nbatch", 130, digits=whole),
        *_with_interval(_BEST, "forward passes of that batch", _at_best_batch, 120),
        *_achieved("best_inference", _at_best_batch),
    ),
    TRAINING: tuple(_achieved("training", _TRAINING, 160)),
}

SPEED: tuple[Column, ...] = tuple(
    column
    for metric in METRICS.values()
    if metric.column
    for column in (*_BEFORE.get(metric, ()), *_declared(metric), *_BEHIND.get(metric, ()))
)
