"""Whether the timed parts of a training step do what the step does."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchsuite.contract import Batch, InspectableSession, PartedSession
from benchsuite.measure.proofs.compare import bound_of, error_of, proof, to_host
from benchsuite.metrics.declared import BACKWARD, FORWARD
from benchsuite.records import Proof

#: Gradients pass every layer twice, and a compiled step rounds otherwise than one by layers.
_ROUNDINGS_OF_GRADIENTS, _LARGEST_BOUND = 16.0, 0.25
#: What tells of gradients that were never computed, where there is nothing to compare with.
_ANY = 0.0


def part_proofs(
    session: PartedSession,
    batch: Batch,
    placed: Any,  # noqa: ANN401 - opaque to the core
    rate: float,
    precision: str,
) -> Iterator[Proof]:
    """Of one batch: the losses of both parts, and the gradients. Leaves the state as it was.

    batch, placed: the same, with masks where the network draws any.
    """
    state = session.state()
    forward = to_host(session.run_part(placed, "forward"))
    session.set_state(state)
    loss, gradients = session.run_part(placed, "backward")
    backward, found = to_host(loss), [to_host(gradient) for gradient in gradients]
    session.set_state(state)
    expected = np.asarray(session.train(iter([batch]), [rate]), np.float64)[0]
    session.set_state(state)
    size = len(batch.images)
    for metric, loss_of_part in ((FORWARD.name, forward), (BACKWARD.name, backward)):
        told = (
            "the part has the loss of the step that train() takes",
            "the part has another loss than the step that train() takes",
        )
        error = error_of(loss_of_part, np.asarray(expected))
        about = {"metrics": (metric,), "batch_size": size}
        yield proof("loss of a step's part", error, bound_of(precision), told, **about)
    yield _of_gradients(session, batch, found, precision)
    session.set_state(state)


def _of_gradients(
    session: PartedSession, batch: Batch, found: Sequence[NDArray[np.float64]], precision: str
) -> Proof:
    """Of all as one vector: orders and layouts are the framework's own."""
    about = {"metrics": (BACKWARD.name,), "batch_size": len(batch.images)}
    length, parameters = _length(found), session.graph.parameters
    if sum(each.size for each in found) != parameters or not math.isfinite(length):
        error = math.inf
    elif not _is_comparable(session, batch, precision):
        error = _ANY if length else math.inf
    else:
        _, gradients = session.gradients(batch)  # type: ignore[attr-defined]
        expected = _length(list(gradients.values()))
        error = error_of(np.asarray(length), np.asarray(expected))
    told = (
        "the backward part has the gradients of its batch",
        "the backward part does not have the gradients of its batch",
    )
    bound = min(_LARGEST_BOUND, _ROUNDINGS_OF_GRADIENTS * bound_of(precision))
    return proof("gradients of a step's part", error, bound, told, **about)


def _is_comparable(session: PartedSession, batch: Batch, precision: str) -> bool:
    """Whether `gradients` is of the same loss: unscaled, and without anything drawn."""
    return isinstance(session, InspectableSession) and not batch.masks and precision != "fp16"


def _length(arrays: Sequence[NDArray[np.floating]]) -> float:
    return math.sqrt(sum(float(np.sum(np.square(array, dtype=np.float64))) for array in arrays))
