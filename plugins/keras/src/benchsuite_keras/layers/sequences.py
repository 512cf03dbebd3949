"""Sequences of tokens, (N, T, D)."""

from typing import Any

import keras
from keras import ops

from benchsuite_keras.layers.registry import KerasTensor, Option, register


@register
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


@register
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


@register
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
