"""Evaluation: logits from the framework, all else from the core; never a framework's metric."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from benchsuite.contract import Metric, Normalizer, Session
from benchsuite.contract.answers import check_finite, check_logits
from benchsuite.data import FittedImages, FittedSplit, normalize
from benchsuite.metrics import declared
from benchsuite.records import finite

#: Every evaluation uses this batch size, whatever the training batch: see pitfall 38.
EVALUATION_BATCH_SIZE = 64


def evaluate(
    session: Session, split: FittedSplit, normalizer: Normalizer, metrics: Sequence[Metric]
) -> dict[str, float | None]:
    """Each metric on one split, from the logits of the network in evaluation mode.

    Raises as `predict`.
    """
    logits = predict_split(session, split, normalizer).astype(np.float64)
    return judge(logits, split, metrics)


def judge(
    logits: NDArray[np.float64], split: FittedSplit, metrics: Sequence[Metric]
) -> dict[str, float | None]:
    """Each metric of logits (N, classes)."""
    return {metric.name: finite(metric.compute(logits, split.labels)) for metric in metrics}


class LabelledImages(Protocol):
    """images: (N, H, W, C) uint8, by position. labels: (N,) int64."""

    @property
    def images(self) -> FittedImages | NDArray[np.uint8]:
        """By position."""

    @property
    def labels(self) -> NDArray[np.int64]:
        """In the same order."""


def predict_split(
    session: Session, split: LabelledImages, normalizer: Normalizer
) -> NDArray[np.floating]:
    """Logits of a split's images, or of a relabelled copy's: no backend can tell them apart.

    Labels stay here. Raises as `predict`.
    """
    return predict(session, split.images, normalizer)


def predict(
    session: Session, images: FittedImages | NDArray[np.uint8], normalizer: Normalizer
) -> NDArray[np.floating]:
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


def top1(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """Share of examples whose own class has the largest logit; ties go to the lower class."""
    return float(np.mean(logits.argmax(axis=1) == labels))


def top5(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """Share of examples whose own class is among the five largest; ties go to the lower class."""
    ranked = np.argsort(-logits, axis=1, kind="stable")[:, :5]
    return float(np.mean((ranked == labels[:, np.newaxis]).any(axis=1)))


def recall_by_class(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> list[float | None]:
    """Of each class, the share of its examples that are recognised; None where it has none."""
    right = logits.argmax(axis=1) == labels
    found = (right[labels == label] for label in range(logits.shape[1]))
    return [float(of_class.mean()) if of_class.size else None for of_class in found]


def cross_entropies(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """-log softmax(logits)[label] of each example, in nats."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(axis=1))
    each: NDArray[np.float64] = log_sum - shifted[np.arange(len(labels)), labels]
    return each


def cross_entropy(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """Mean of -log softmax(logits)[label], in nats."""
    return float(np.mean(cross_entropies(logits, labels)))


TOP1 = Metric.of(declared.TOP1, top1)
TOP5 = Metric.of(declared.TOP5, top5)
LOSS = Metric.of(declared.LOSS, cross_entropy)
