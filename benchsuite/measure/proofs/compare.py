"""How far two results are apart, and how far rounding can take them."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchsuite.contract.rounding import ROUNDING
from benchsuite.errors import BenchsuiteError
from benchsuite.records import Proof, finite

#: What one network answers twice, in batches of different sizes, is apart by so many unit
#: roundoffs at the most; in half precision every layer rounds, and few of them are enough.
_ROUNDINGS: Mapping[str, float] = {
    "fp64": 2.0**20,
    "fp32": 2.0**10,
    "tf32": 2.0**5,
    "fp16": 2.0**5,
    "bf16": 2.0**5,
}

Array = NDArray[np.floating]


def bound_of(precision: str) -> float:
    """The largest error, as a share of the largest element, that rounding explains."""
    return _ROUNDINGS[precision] * ROUNDING[precision]


def to_host(tensor: Any) -> NDArray[np.float64]:  # noqa: ANN401 - the framework's own
    """A framework's tensor as an array in float64.

    Raises BenchsuiteError where NumPy cannot read it.
    """
    moved = tensor
    # PyTorch's: NumPy reads them from the host alone, and knows no bfloat16.
    for name in ("detach", "cpu", "double"):
        move = getattr(moved, name, None)
        moved = move() if callable(move) else moved
    try:
        return np.asarray(moved).astype(np.float64)
    except (TypeError, ValueError) as error:
        raise BenchsuiteError(
            f"a {type(tensor).__name__} cannot be read as an array ({error}): give a tensor that "
            "numpy.asarray takes"
        ) from error


def error_of(found: Array, expected: Array) -> float:
    """The largest difference, as a share of the largest element expected.

    Infinite where shapes differ, or where one is finite and the other is not.
    """
    if np.shape(found) != np.shape(expected):
        return math.inf
    if not (np.isfinite(found).all() and np.isfinite(expected).all()):
        return math.inf
    apart = float(np.abs(np.asarray(found, np.float64) - expected).max(initial=0.0))
    largest = float(np.abs(expected).max(initial=0.0))
    return apart / largest if largest else (math.inf if apart else 0.0)


def proof(
    name: str,
    found: float,
    bound: float,
    told: Sequence[str],
    **about: Any,  # noqa: ANN401 - the other fields of a proof
) -> Proof:
    """By an error and its bound. told: what it says where it passes, and where it fails."""
    passed = found <= bound
    right, wrong = told
    about.setdefault("part", "timed path")
    detail = right if passed else wrong
    return Proof(name=name, error=finite(found), bound=bound, passed=passed, detail=detail, **about)
