"""PyTorch's ceilings: `torch.mm` and `Tensor.copy_`, into memory that is there already."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from benchsuite.contract import Setup
from benchsuite_torch.devices import synchronize
from benchsuite_torch.precision import computed_in

Tensor = Any


class TorchWorkload:
    """`benchsuite.contract.Workload` for PyTorch."""

    def __init__(
        self, work: Callable[[], Tensor], operands: tuple[Tensor, ...], setup: Setup
    ) -> None:
        self.operands = operands
        self._work = work
        self._device = torch.device(setup.device)

    def submit(self) -> Tensor:
        """The result, possibly still on its way."""
        return self._work()

    def synchronize(self) -> None:
        """Return when the device has finished."""
        synchronize(self._device)


def product(setup: Setup, size: int) -> TorchWorkload:
    """Of two matrices of N(0, 1), (size, size)."""
    first, second = factors = _normal(setup, (size, size), 2)
    result = torch.empty_like(first)
    return TorchWorkload(lambda: torch.mm(first, second, out=result), factors, setup)


def copy(setup: Setup, elements: int) -> TorchWorkload:
    """Of an array of N(0, 1), (elements,)."""
    (source,) = operands = _normal(setup, (elements,), 1)
    target = torch.empty_like(source)
    return TorchWorkload(lambda: target.copy_(source), operands, setup)


def _normal(setup: Setup, shape: tuple[int, ...], count: int) -> tuple[Tensor, ...]:
    generator = np.random.default_rng(setup.seed)
    dtype = computed_in(setup.precision)
    return tuple(
        torch.from_numpy(generator.standard_normal(shape, np.float32)).to(setup.device, dtype)
        for _ in range(count)
    )
