"""Figures of quality, from raw logits and per-sample sums; never a framework's metric."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchsuite.contract import Metric
from benchsuite.metrics import quality


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


TOP1 = Metric.of(quality.TOP1, top1)
TOP5 = Metric.of(quality.TOP5, top5)
LOSS = Metric.of(quality.LOSS, cross_entropy)
