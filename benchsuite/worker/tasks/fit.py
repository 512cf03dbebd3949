"""Whether a batch fits into memory: it is called as it will be timed, and not timed."""

from collections.abc import Iterator
from typing import Any

from benchsuite.contract import Session
from benchsuite.measure.scenarios import forward_passes
from benchsuite.metrics.declared import INFERENCE, TRAINING
from benchsuite.processes.messages import Trying
from benchsuite.records import Findings
from benchsuite.worker.tasks.context import TaskContext, placed_pool


def fit_inference(task: TaskContext) -> Iterator[Findings]:
    """Forward passes of the throughput's batch, one of each of its inputs."""
    session = task.open_to_measure(measuring=False)
    with task.phase("fit", measuring=False):
        placed = _placed(task, session, INFERENCE.name, task.inference_batch_size)
        with forward_passes(session) as infer:
            for batch in placed:
                infer(batch)
        session.synchronize()
    yield Findings(phases=tuple(task.phases))


def fit_training(task: TaskContext) -> Iterator[Findings]:
    """Training steps of the timed batch, likewise."""
    session = task.open_to_measure(measuring=False)
    with task.phase("fit", measuring=False):
        placed = _placed(task, session, TRAINING.name, task.training_batch_size)
        session.train(placed, [task.case.recipe.lr] * len(placed))
        session.synchronize()
    yield Findings(phases=tuple(task.phases))


def _placed(task: TaskContext, session: Session, metric: str, size: int) -> list[Any]:
    task.announce(Trying(metric, size))
    return placed_pool(task, session, size)
