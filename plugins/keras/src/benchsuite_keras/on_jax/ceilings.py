"""JAX's ceilings: a jitted product and a jitted copy."""

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from benchsuite_keras.on_jax.devices import enable_x64

Tensor = Any
#: Results that may be on their way at once: each has memory of its own.
_DEPTH = 4


class JaxWorkload:
    """`benchsuite.contract.Workload` for JAX."""

    def __init__(
        self,
        work: Callable[..., Tensor],
        arrays: Sequence[NDArray[np.float32]],
        dtype: str,
        device: Any,  # noqa: ANN401 - a jax.Device
    ) -> None:
        self._dtype = dtype
        self._pending: deque[Tensor] = deque()
        self._work = jax.jit(work)
        with self._numbers():
            on_device = (jax.device_put(array, device) for array in arrays)
            self.operands = tuple(array.astype(dtype) for array in on_device)

    def submit(self) -> Tensor:
        """The result, possibly still on its way."""
        if len(self._pending) == _DEPTH:
            self._pending.popleft().block_until_ready()
        with self._numbers():
            result = self._work(*self.operands)
        self._pending.append(result)
        return result

    def synchronize(self) -> None:
        """Return when all results are there."""
        while self._pending:
            self._pending.popleft().block_until_ready()

    def _numbers(self) -> AbstractContextManager[Any]:
        return enable_x64() if self._dtype == "float64" else nullcontext()


def multiplied(precision: str, first: Tensor, second: Tensor) -> Tensor:
    """The product of two matrices; precision: of float32 products, as JAX calls it."""
    with jax.default_matmul_precision(precision):
        return jax.numpy.matmul(first, second)


def copied(source: Tensor) -> Tensor:
    """A copy: a jitted function's result has memory of its own."""
    return jax.numpy.copy(source)
