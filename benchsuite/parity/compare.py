"""Errors, tensor by tensor, as shares of each tensor's own scale."""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from benchsuite.parity.storage import StoredTensor, largest_of
from benchsuite.records import finite
from benchsuite.records.certificate import Check

#: In float64 on a CPU two right implementations differ by rounding alone.
EXACT: Mapping[str, float] = {
    "counts": 0.0,
    "layer outputs": 1e-10,
    "logits": 1e-10,
    "loss": 1e-9,
    "gradients": 1e-9,
    "statistics after a step": 1e-9,
    "weights after steps": 1e-9,
    "logits after steps": 1e-9,
    "update rules": 1e-9,
}
#: In float32 only what is predicted is held to anything; the rest is reported.
SINGLE: Mapping[str, float] = {"counts": 0.0, "logits": 1e-5}
#: Tensors far smaller than the largest of their kind are compared at this share of its scale:
#: what is zero but for rounding (a bias before BatchNorm has no gradient) has no scale.
_FLOOR = 1e-5
#: Elements that are compared at once.
_BLOCK = 1 << 16


class TensorComparison:
    """Collects the error of every tensor, and sums them up by quantity."""

    def __init__(self, tolerances: Mapping[str, float], largest: Mapping[str, float]) -> None:
        """`largest`: the largest element of any tensor, by quantity, in the reference."""
        self._tolerances = tolerances
        self._largest = largest
        self._errors: dict[str, dict[str, float]] = {}

    def add(
        self, quantity: str, name: str, actual: NDArray[np.floating], expected: StoredTensor
    ) -> None:
        """Compare one tensor; another shape, or anything not finite, is an infinite error."""
        found = self._error(quantity, actual, expected)
        self._errors.setdefault(quantity, {})[name] = found

    def _error(self, quantity: str, actual: NDArray[np.floating], expected: StoredTensor) -> float:
        if np.shape(actual) != expected.shape:
            return math.inf
        difference, largest = _distance(np.ravel(actual), expected)
        if not math.isfinite(difference):
            return math.inf
        scale = max(largest, _FLOOR * self._largest[quantity])
        return difference / scale if scale else (math.inf if difference else 0.0)

    def checks(self) -> tuple[Check, ...]:
        """One check for each quantity, with the worst of its tensors."""
        worst = {quantity: max(of, key=of.__getitem__) for quantity, of in self._errors.items()}
        return tuple(
            Check(
                quantity=quantity,
                tensors=len(of),
                error=finite(of[worst[quantity]]),
                tolerance=self._tolerances.get(quantity),
                worst=worst[quantity],
            )
            for quantity, of in self._errors.items()
        )


def _distance(actual: NDArray[np.floating], expected: StoredTensor) -> tuple[float, float]:
    """The largest difference, and the largest expected; in blocks that a cache holds."""
    distances, start = [(0.0, 0.0)], 0
    for block in expected.blocks(_BLOCK):
        difference = np.asarray(actual[start : start + block.size], np.float64) - block
        distances.append((largest_of(difference), largest_of(block)))
        start += block.size
    differences, largest = np.max(distances, axis=0)
    return float(differences), float(largest)
