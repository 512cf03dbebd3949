"""PyTorch's ceilings: `torch.mm` and `Tensor.copy_`, into memory that is there already."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchsuite_keras.on_torch.devices import synchronize

Tensor = Any


class TorchWorkload:
    """`benchsuite.contract.Workload` for PyTorch; `work` takes the operands and the result."""

    def __init__(
        self,
        work: Callable[..., Tensor],
        arrays: Sequence[NDArray[np.float32]],
        dtype: str,
        device: str,
    ) -> None:
        self._work, self._device = work, device
        self.operands = tuple(
            torch.from_numpy(array).to(device, getattr(torch, dtype)) for array in arrays
        )
        self._result = torch.empty_like(self.operands[0])

    def submit(self) -> Tensor:
        """The result, possibly still on its way."""
        return self._work(*self.operands, self._result)

    def synchronize(self) -> None:
        """Return when the device has finished."""
        synchronize(self._device)


def multiplied(first: Tensor, second: Tensor, result: Tensor) -> Tensor:
    """The product of two square matrices."""
    return torch.mm(first, second, out=result)


def copied(source: Tensor, target: Tensor) -> Tensor:
    """A copy."""
    return target.copy_(source)
