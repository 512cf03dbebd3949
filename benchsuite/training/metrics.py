"""Figures of quality, from raw logits and per-sample sums; never a framework's metric."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchsuite.contract import Metric


def top1(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """Share of examples whose own class has the largest logit; ties go to the lower class."""
    return float(np.mean(logits.argmax(axis=1) == labels))


def cross_entropy(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """Mean of -log softmax(logits)[label], in nats."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(axis=1))
    return float(np.mean(log_sum - shifted[np.arange(len(labels)), labels]))


TOP1 = Metric("top1_fraction", "higher", top1)
LOSS = Metric("loss_nats", "lower", cross_entropy)
