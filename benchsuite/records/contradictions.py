"""What a record says that cannot all be true: somebody edited it, or something wrote it wrongly."""

from collections.abc import Iterator

import msgspec

from benchsuite.records.causes import STATUS_BY_CAUSE
from benchsuite.records.schema import Measurement, Record

#: A record is written with all digits: only what is beyond their rounding contradicts.
_ROUNDING = 1e-9
_NEVER_NEGATIVE = frozenset({"s", "bytes", "images/s", "J/image", "W"})


def as_it_holds(record: Record) -> Record:
    """The record; with the status `inconsistent`, and the reason, where it contradicts itself.

    A record that did not end well claims nothing, and stays as it is.
    """
    if record.status != "ok":
        return record
    found = next(contradictions(record), "")
    if not found:
        return record
    return msgspec.structs.replace(
        record, status="inconsistent", cause="contradiction", reason=f"the record says {found}"
    )


def contradictions(record: Record) -> Iterator[str]:
    """What cannot be true beside the rest, each in words."""
    if STATUS_BY_CAUSE[record.cause] != record.status or record.reason:
        yield f"{record.status}, and why it is not: {record.reason or record.cause}"
    for measurement in record.findings.measurements:
        yield from _of_figure(measurement)
    yield from _of_size(record)
    yield from _of_training(record)
    for key, value in record.findings.ledger.items():
        if key.endswith(".OMP_NUM_THREADS") and value not in (str(record.case.threads), "unset"):
            yield f"{record.case.threads} threads, and {key} {value}"


def _of_figure(figure: Measurement) -> Iterator[str]:
    name, value = figure.metric, figure.value
    if len(figure.rounds) not in (0, len(figure.values)):
        yield f"{len(figure.values)} values of {name} in {len(figure.rounds)} rounds"
    if value is None or not figure.values:
        return
    if value < 0 and figure.unit in _NEVER_NEGATIVE:
        yield f"{name} {value:g} {figure.unit}"
    if figure.low is not None and figure.high is not None:
        slack = _ROUNDING * abs(value)
        if not figure.low - slack <= value <= figure.high + slack:
            yield f"{name} {value:g}, outside its own interval {figure.low:g} to {figure.high:g}"


def _of_size(record: Record) -> Iterator[str]:
    size = record.findings.size
    if size is None:
        return
    if size.flops != 2 * size.macs:
        yield f"{size.macs} MACs and {size.flops} FLOPs, which are twice as many"
    if record.case.origin == "graph":
        for what, graph, own in (
            ("parameters", size.parameters, size.native_parameters),
            ("MACs", size.macs, size.native_macs),
        ):
            if graph != own:
                yield f"{graph} {what} of the graph, and {own} of the backend's network"


def _of_training(record: Record) -> Iterator[str]:
    training = record.findings.training
    if training is None:
        return
    for split in ("validation", "test"):
        for metric, value in getattr(training, split).items():
            if metric.endswith("_fraction") and value is not None and not 0 <= value <= 1:
                yield f"{split} {metric} {value:g}, which is a share"
    steps = sum(epoch.steps for epoch in training.epochs)
    if training.step_losses and len(training.step_losses) != steps:
        yield f"{steps} steps in its epochs, and {len(training.step_losses)} losses of steps"
    if any(epoch.train_s < 0 for epoch in training.epochs):
        yield "an epoch that took less than no time"
