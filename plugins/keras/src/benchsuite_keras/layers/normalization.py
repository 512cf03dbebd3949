"""Normalisation, and the scales of channels."""

import math
from typing import Any

import keras
from keras import ops

from benchsuite.errors import UsageError
from benchsuite_keras.layers.registry import KerasTensor, Option, register


@register
class UnbiasedBatchNormalization(keras.layers.BatchNormalization):  # type: ignore[misc] # keras is Any
    """BatchNormalization whose running variance is unbiased, as PyTorch's: n / (n - 1).

    Everything else, and every kernel, is Keras' own, as is that statistics of half precision are
    taken in float32. Raises UsageError when it trains on a
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
        x = ops.cast(inputs, keras.backend.result_type(inputs.dtype, "float32"))
        mean, variance = ops.moments(x, axes)
        unbiased = count / (count - 1)
        if not isinstance(unbiased, float):  # a tensor, where the batch size is left open
            unbiased = ops.cast(unbiased, variance.dtype)
        self._update(self.moving_mean, mean, 1.0)
        self._update(self.moving_variance, variance, unbiased)
        normalized = ops.batch_normalization(
            x,
            mean,
            variance,
            axis=-1,
            offset=self.beta,
            scale=self.gamma,
            epsilon=self.epsilon,
        )
        return ops.cast(normalized, self.compute_dtype)

    def _update(self, running: KerasTensor, statistic: KerasTensor, scale: KerasTensor) -> None:
        running.assign(running * self.momentum + statistic * ((1.0 - self.momentum) * scale))


@register
class LocalResponseNormalization(keras.layers.Layer):  # type: ignore[misc] # keras is Any
    """X / (k + alpha · Σ x²)^beta over `size` neighbouring channels (Krizhevsky et al. 2012).

    The neighbours of channel c are c - size//2 … c + (size-1)//2, as in PyTorch.
    """

    def __init__(self, size: int, alpha: float, beta: float, k: float, **options: Option) -> None:
        super().__init__(**options)
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def call(self, inputs: KerasTensor) -> KerasTensor:
        """(N, H, W, C) -> (N, H, W, C)."""
        channels = inputs.shape[-1]
        beside = (self.size // 2, (self.size - 1) // 2)
        squares = ops.pad(ops.square(inputs), ((0, 0), (0, 0), (0, 0), beside))
        neighbours = (squares[..., first : first + channels] for first in range(self.size))
        base = sum(neighbours) * self.alpha + self.k
        return inputs * ops.power(base, -self.beta)

    def get_config(self) -> dict[str, Any]:
        """What `__init__` takes."""
        numbers = {"size": self.size, "alpha": self.alpha, "beta": self.beta, "k": self.k}
        return {**super().get_config(), **numbers}


@register
class LayerScale(keras.layers.Layer):  # type: ignore[misc] # keras is Any
    """Multiplies each channel by a learned number (Touvron et al. 2021)."""

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Add the scale, (C,)."""
        self.scale = self.add_weight(shape=input_shape[-1:], name="scale", initializer="ones")

    def call(self, inputs: KerasTensor) -> KerasTensor:
        """(N, H, W, C) -> (N, H, W, C)."""
        return inputs * ops.cast(self.scale, inputs.dtype)
