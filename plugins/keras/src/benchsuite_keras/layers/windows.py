"""Padding, and pooling by a grid."""

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from benchsuite_keras.layers.registry import KerasTensor, Option, register

Pair = tuple[int, int]


@register
class InfinitePadding2D(keras.layers.Layer):  # type: ignore[misc] # keras is Any
    """Pads height and width with -inf, for max-pooling: ((above, below), (left, right))."""

    def __init__(self, padding: tuple[Pair, Pair], **options: Option) -> None:
        super().__init__(**options)
        self.padding = padding

    def call(self, inputs: KerasTensor) -> KerasTensor:
        """(N, H, W, C) -> (N, H + above + below, W + left + right, C)."""
        height, width = self.padding
        pads = ((0, 0), tuple(height), tuple(width), (0, 0))
        return ops.pad(inputs, pads, constant_values=float("-inf"))

    def get_config(self) -> dict[str, Any]:
        """What `__init__` takes."""
        return {**super().get_config(), "padding": self.padding}


@register
class ChannelPadding(keras.layers.Layer):  # type: ignore[misc] # keras is Any
    """Puts channels of zeros on both sides."""

    def __init__(self, before: int, after: int, **options: Option) -> None:
        super().__init__(**options)
        self.before, self.after = before, after

    def call(self, inputs: KerasTensor) -> KerasTensor:
        """(N, H, W, C) -> (N, H, W, before + C + after)."""
        return ops.pad(inputs, ((0, 0), (0, 0), (0, 0), (self.before, self.after)))

    def get_config(self) -> dict[str, Any]:
        """What `__init__` takes."""
        return {**super().get_config(), "before": self.before, "after": self.after}


@register
class AdaptiveAveragePooling2D(keras.layers.Layer):  # type: ignore[misc] # keras is Any
    """Mean of each cell of a grid (height, width), whose cells may overlap, as in PyTorch."""

    def __init__(self, size: Pair, **options: Option) -> None:
        super().__init__(**options)
        self.size = size

    def call(self, inputs: KerasTensor) -> KerasTensor:
        """(N, H, W, C) -> (N, *size, C)."""
        down, right = (
            ops.convert_to_tensor(_cells(extent, count), inputs.dtype)
            for extent, count in zip(inputs.shape[1:3], self.size, strict=True)
        )
        rows = ops.einsum("ih,nhwc->niwc", down, inputs)
        return ops.einsum("jw,niwc->nijc", right, rows)

    def get_config(self) -> dict[str, Any]:
        """What `__init__` takes."""
        return {**super().get_config(), "size": self.size}


def _cells(extent: int, count: int) -> NDArray[np.float64]:
    """The matrix (count, extent) that averages over `count` cells of one axis.

    Cell i covers floor(i·extent/count) up to ceil((i+1)·extent/count).
    """
    matrix = np.zeros((count, extent))
    for index, row in enumerate(matrix):
        start, end = index * extent // count, -(-(index + 1) * extent // count)
        row[start:end] = 1.0 / (end - start)
    return matrix
