"""What a metric's plugin offers: one number from raw logits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchsuite.contract.quantity import Quantity

Compute = Callable[[NDArray[np.float64], NDArray[np.int64]], float]


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure of quality, computed by the core for every backend alike.

    name: its column, with the unit where there is one (`loss_nats`).
    better: which way is better.
    compute: (logits (N, classes) float64, labels (N,) int64) -> the figure.
    """

    name: str
    better: Literal["higher", "lower"]
    compute: Compute

    @classmethod
    def of(cls, quantity: Quantity, compute: Compute) -> Metric:
        """The one of a declared quantity."""
        return cls(quantity.name, quantity.better, compute)
