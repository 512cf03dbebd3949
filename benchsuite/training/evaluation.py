"""Evaluation: logits from the framework, everything else from the core."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchsuite.contract import Metric, Normalizer, Session
from benchsuite.contract.answers import check_finite, check_logits
from benchsuite.data import FittedImages, FittedSplit, normalize
from benchsuite.records import finite

#: Every evaluation uses this batch size, whatever the training batch: see pitfall 38.
EVALUATION_BATCH_SIZE = 64


def evaluate(
    session: Session, split: FittedSplit, normalizer: Normalizer, metrics: Sequence[Metric]
) -> dict[str, float | None]:
    """Each metric on one split, from the logits of the network in evaluation mode.

    Raises as `predict`.
    """
    logits = predict(session, split.images, normalizer).astype(np.float64)
    return judge(logits, split, metrics)


def judge(
    logits: NDArray[np.float64], split: FittedSplit, metrics: Sequence[Metric]
) -> dict[str, float | None]:
    """Each metric of logits (N, classes)."""
    return {metric.name: finite(metric.compute(logits, split.labels)) for metric in metrics}


def predict(session: Session, images: FittedImages, normalizer: Normalizer) -> NDArray[np.floating]:
    """Logits (N, classes) in batches of one fixed size; the last is filled up and cut.

    Raises BenchsuiteError where they are not what the contract says, and NotFiniteError.
    """
    parts: list[NDArray[np.floating]] = []
    for start in range(0, len(images), EVALUATION_BATCH_SIZE):
        batch = normalize(images[start : start + EVALUATION_BATCH_SIZE], normalizer)
        filled = np.resize(batch, (EVALUATION_BATCH_SIZE, *batch.shape[1:]))
        logits = session.predict(filled)
        check_logits(logits, EVALUATION_BATCH_SIZE, session.graph.output.shape[0])
        parts.append(logits[: len(batch)])
    found = np.concatenate(parts)
    check_finite(found)
    return found
