"""Batches of the core on a device, in PyTorch's layouts."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchsuite.contract import Batch
from benchsuite_torch import inspection


@dataclass(frozen=True, slots=True)
class PlacedBatch:
    """A batch on the device: images (N, C, H, W), labels (N,) or (N, classes).

    images: in the session's layout.
    masks: by the dropout's name, in the layout of its input.
    """

    images: Any
    labels: Any
    masks: Mapping[str, Any]


@dataclass(frozen=True)
class Placing:
    """Onto the device of a module.

    dtype: of images that are floating-point; uint8 stays uint8.
    channels_last: in memory, whatever the batch.
    """

    module: Any
    device: Any
    dtype: Any
    channels_last: bool

    def images(self, images: NDArray[Any]) -> Any:  # noqa: ANN401 - a tensor
        """(N, H, W, C) on the host -> (N, C, H, W) on the device."""
        tensor = self._on_device(images)
        if tensor.is_floating_point():
            tensor = tensor.to(self.dtype)
        tensor = tensor.permute(0, 3, 1, 2)
        return tensor if self.channels_last else tensor.contiguous()

    def batch(self, batch: Batch) -> PlacedBatch:
        """All of it; on CUDA possibly still on its way."""
        labels, *masks = map(self._on_device, (batch.labels, *batch.masks.values()))
        return PlacedBatch(
            self.images(batch.images),
            labels,
            {n: self._as_input(n, mask) for n, mask in zip(batch.masks, masks, strict=True)},
        )

    def _on_device(self, array: NDArray[Any]) -> Any:  # noqa: ANN401 - a tensor
        """A copy; on CUDA possibly still on its way, since the step before may not be done."""
        tensor = torch.tensor(np.ascontiguousarray(array))
        if self.device.type == "cuda":
            return tensor.pin_memory().to(self.device, non_blocking=True)
        return tensor.to(self.device)

    def _as_input(self, name: str, mask: Any) -> Any:  # noqa: ANN401 - tensors
        """A mask in the layout of its dropout's input."""
        is_image = mask.ndim == 4  # noqa: PLR2004 - (N, H, W, C)
        moved = is_image and name not in self._with_channels_last
        return mask.permute(0, 3, 1, 2) if moved else mask

    @cached_property
    def _with_channels_last(self) -> set[str]:
        return inspection.with_channels_last(self.module)
