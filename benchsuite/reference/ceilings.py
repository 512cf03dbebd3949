"""The reference backend's ceilings: NumPy's own product and copy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class NumpyWorkload:
    """Writes into the same array again and again; see `benchsuite.contract.Workload`."""

    def __init__(
        self, work: Callable[..., Any], operands: tuple[Array, ...], result: Array
    ) -> None:
        self.operands = operands
        self._work, self._result = work, result

    def submit(self) -> Array:
        """The result, complete."""
        self._work(*self.operands, self._result)
        return self._result

    def synchronize(self) -> None:
        """Nothing to wait for."""


def product(size: int, dtype: type[np.floating], seed: int) -> NumpyWorkload:
    """Of two matrices of N(0, 1), (size, size)."""
    generator = np.random.default_rng(seed)
    factors = tuple(generator.standard_normal((size, size)).astype(dtype) for _ in range(2))
    return NumpyWorkload(np.matmul, factors, np.zeros((size, size), dtype))


def copy(elements: int, dtype: type[np.floating], seed: int) -> NumpyWorkload:
    """Of an array of N(0, 1), (elements,)."""
    source = np.random.default_rng(seed).standard_normal(elements, np.float32).astype(dtype)

    def work(source: Array, target: Array) -> None:
        np.copyto(target, source)

    return NumpyWorkload(work, (source,), np.zeros(elements, dtype))
