"""Layers that Keras does not have, or has with other semantics than the graph's."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

from benchsuite.errors import UsageError

#: A tensor of whichever framework Keras runs on, or a symbolic one.
KerasTensor = Any
#: What every Keras layer takes: its name, dtype, …
Option = Any

_register = keras.saving.register_keras_serializable("benchsuite")


@_register
class UnbiasedBatchNormalization(keras.layers.BatchNormalization):  # type: ignore[misc] # keras is Any
    """BatchNormalization whose running variance is unbiased, as PyTorch's: n / (n - 1).

    Everything else, and every kernel, is Keras' own. Raises UsageError when it trains on a
    single value per channel, which has no variance.
    """

    def call(
        self, inputs: KerasTensor, training: bool | None = None, mask: KerasTensor = None
    ) -> KerasTensor:
        """(N, …, C) -> (N, …, C)."""
        if not training:
            return super().call(inputs, training=False, mask=mask)
        axes = list(range(len(inputs.shape) - 1))
        count = math.prod(ops.shape(inputs)[axis] for axis in axes)
        if isinstance(count, int) and count == 1:
            raise UsageError(
                f"batch_norm '{self.name}' cannot train on {tuple(inputs.shape)}, one value per "
                "channel: use a larger batch or a larger input"
            )
        mean, variance = ops.moments(inputs, axes)
        unbiased = count / (count - 1)
        if not isinstance(unbiased, float):  # a tensor, where the batch size is left open
            unbiased = ops.cast(unbiased, variance.dtype)
        self._update(self.moving_mean, mean, 1.0)
        self._update(self.moving_variance, variance, unbiased)
        return ops.batch_normalization(
            inputs,
            mean,
            variance,
            axis=-1,
            offset=self.beta,
            scale=self.gamma,
            epsilon=self.epsilon,
        )

    def _update(self, running: KerasTensor, statistic: KerasTensor, scale: KerasTensor) -> None:
        running.assign(running * self.momentum + statistic * ((1.0 - self.momentum) * scale))


@_register
class InfinitePadding2D(keras.layers.Layer):  # type: ignore[misc] # keras is Any
    """Pads height and width on both sides with -inf, for max-pooling."""

    def __init__(self, padding: tuple[int, int], **options: Option) -> None:
        super().__init__(**options)
        self.padding = tuple(padding)

    def call(self, inputs: KerasTensor) -> KerasTensor:
        """(N, H, W, C) -> (N, H + 2p, W + 2q, C)."""
        height, width = self.padding
        pads = ((0, 0), (height, height), (width, width), (0, 0))
        return ops.pad(inputs, pads, constant_values=float("-inf"))

    def get_config(self) -> dict[str, Any]:
        """What `__init__` takes."""
        return {**super().get_config(), "padding": self.padding}


@_register
class ClassToken(keras.layers.Layer):  # type: ignore[misc] # keras is Any
    """Puts a learned token first, (N, T, D) -> (N, T + 1, D)."""

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Add the token, (1, 1, D)."""
        self.token = self.add_weight(
            shape=(1, 1, input_shape[-1]), name="token", initializer="zeros"
        )

    def call(self, inputs: KerasTensor) -> KerasTensor:
        """(N, T, D) -> (N, T + 1, D)."""
        images, _, width = ops.shape(inputs)
        token = ops.broadcast_to(ops.cast(self.token, inputs.dtype), (images, 1, width))
        return ops.concatenate([token, inputs], axis=1)


@_register
class PositionEmbedding(keras.layers.Layer):  # type: ignore[misc] # keras is Any
    """Adds a learned tensor to a sequence, (N, T, D) -> (N, T, D)."""

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Add the tensor, (1, T, D)."""
        self.position = self.add_weight(
            shape=(1, *input_shape[1:]), name="position", initializer="zeros"
        )

    def call(self, inputs: KerasTensor) -> KerasTensor:
        """(N, T, D) -> (N, T, D)."""
        return inputs + ops.cast(self.position, inputs.dtype)


@_register
class SelectToken(keras.layers.Layer):  # type: ignore[misc] # keras is Any
    """One token of a sequence, (N, T, D) -> (N, D)."""

    def __init__(self, index: int, **options: Option) -> None:
        super().__init__(**options)
        self.index = index

    def call(self, inputs: KerasTensor) -> KerasTensor:
        """(N, T, D) -> (N, D)."""
        return inputs[:, self.index]

    def get_config(self) -> dict[str, Any]:
        """What `__init__` takes."""
        return {**super().get_config(), "index": self.index}


@_register  # type: ignore[untyped-decorator] # keras is Any
def exact_gelu(inputs: KerasTensor) -> KerasTensor:
    """X Φ(x) with the exact normal distribution function, at full precision in float64 too.

    There TensorFlow's own kernel takes √2 in float32.
    """
    if keras.backend.standardize_dtype(inputs.dtype) == "float64":
        return inputs * 0.5 * (1.0 + ops.erf(inputs * math.sqrt(0.5)))
    return ops.gelu(inputs, approximate=False)
