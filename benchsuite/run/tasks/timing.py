"""Latency, throughput and the training step."""

from __future__ import annotations

from collections.abc import Iterator

from benchsuite.measure.protocol import PROTOCOLS
from benchsuite.measure.timing import (
    measure_latency,
    measure_throughput,
    measure_training,
    quiet_collector,
)
from benchsuite.records import Findings, Measurement
from benchsuite.run.tasks.at_work import TaskAtWork, input_pool


def measure_time(task: TaskAtWork) -> Iterator[Findings]:
    """Latency at batch 1, throughput and training step, at the network's measured size."""
    case, protocol = task.case, PROTOCOLS[task.case.protocol]
    session = task.open_to_measure()
    with quiet_collector():
        with task.phase("latency", measuring=True):
            placed = [session.place(batch) for batch in input_pool(session, 1, case)]
            latency = measure_latency(session, placed, protocol)
        yield Findings(measurements=(latency, _first("first_call", latency.warmups[0])))
        with task.phase("inference", measuring=True):
            size = case.inference_batch_size
            placed = [session.place(batch) for batch in input_pool(session, size, case)]
            yield Findings(measurements=(measure_throughput(session, placed, size, protocol),))
        with task.phase("training", measuring=True):
            size = case.training_batch_size
            placed = [session.place(batch) for batch in input_pool(session, size, case)]
            rate = case.recipe.lr
            training = measure_training(session, placed, size, rate, protocol)
        first = _first("first_training_step", size / training.warmups[0])
        yield Findings(measurements=(training, first))
    yield task.surroundings(session)


def _first(metric: str, seconds: float) -> Measurement:
    return Measurement(metric=metric, unit="s", better="lower", values=(seconds,))
