"""Errors, tensor by tensor, as shares of each tensor's own scale."""

import math
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from benchsuite.contract.rounding import ROUNDING
from benchsuite.parity.experiment import RULE_QUANTITY
from benchsuite.parity.storage import StoredTensor, largest_of
from benchsuite.records import finite
from benchsuite.records.certificate import FIT_QUANTITY, Check

#: What two right implementations in float64 may differ by, as rounding alone makes them.
_EXACT: Mapping[str, float] = {
    "counts": 0.0,
    "layer outputs": 1e-10,
    "logits": 1e-10,
    "loss": 1e-9,
    "gradients": 1e-9,
    "statistics after a step": 1e-9,
    "weights after steps": 1e-9,
    "logits after steps": 1e-9,
    RULE_QUANTITY: 1e-9,
    FIT_QUANTITY: 1e-9,
}
#: What forty steps by an update rule may add up to: weights are float32 and move by a thousandth
#: of their size, and each gradient is rounded as the precision rounds.
_ROUNDINGS_OF_WEIGHTS, _ROUNDINGS_OF_GRADIENTS = 4000.0, 30.0
#: Tensors far smaller than the largest of their kind are compared at this share of its scale:
#: what is zero but for rounding (a bias before BatchNorm has no gradient) has no scale.
_FLOOR = 1e-5
#: Elements that are compared at once.
_BLOCK = 1 << 16


#: (quantity, name of the tensor) -> the largest error that it may have.
Tolerance = Callable[[str, str], float]


def exact_tolerance(quantity: str, name: str) -> float:  # noqa: ARG001 - the same for all tensors
    """In float64."""
    return _EXACT[quantity.partition(":")[0]]


def rounded_tolerance(precision: str, bounds: Mapping[str, float]) -> Tolerance:
    """In a lower precision: every layer has the bound that rounding gives it.

    bounds: of layers' outputs, by `benchsuite.parity.rounding`; the last is the logits'.
    """
    *_, of_logits = bounds.values()
    weights, gradients = ROUNDING["fp32"], ROUNDING[precision]
    of_steps = _ROUNDINGS_OF_WEIGHTS * weights + _ROUNDINGS_OF_GRADIENTS * gradients

    def tolerance(quantity: str, name: str) -> float:
        found = {"counts": 0.0, "logits": of_logits, "layer outputs": bounds.get(name, of_logits)}
        return found.get(quantity, of_steps)

    return tolerance


class TensorComparison:
    """Collects the error of every tensor, and sums them up by quantity."""

    def __init__(self, tolerance: Tolerance, largest: Mapping[str, float]) -> None:
        """`largest`: the largest element of any tensor, by quantity, in the reference."""
        self._tolerance = tolerance
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
        """One check for each quantity: of the tensor that is the furthest beyond its tolerance."""
        return tuple(self._check(quantity, errors) for quantity, errors in self._errors.items())

    def _check(self, quantity: str, errors: Mapping[str, float]) -> Check:
        def excess(name: str) -> float:
            allowed = self._tolerance(quantity, name)
            return errors[name] / allowed if allowed else (math.inf if errors[name] else 0.0)

        worst = max(errors, key=lambda name: (excess(name), errors[name]))
        return Check(
            quantity=quantity,
            tensors=len(errors),
            error=finite(errors[worst]),
            tolerance=self._tolerance(quantity, worst),
            worst=worst,
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
