"""Dropout whose masks may come from elsewhere."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from keras import layers, ops

from benchsuite_keras.layers.registry import KerasTensor, register


@register
class Dropout(layers.Dropout):  # type: ignore[misc] # keras is Any
    """`keras.layers.Dropout`, but for a step with drawn masks.

    kept: which inputs stay in this step, (N, …) as the input, or (N,) for whole examples.
    """

    kept: KerasTensor | None = None

    def call(self, inputs: KerasTensor, training: bool = False) -> KerasTensor:
        """Zero what does not stay, and scale the rest by 1/(1-rate)."""
        if self.kept is None or not training:
            return super().call(inputs, training=training)
        missing = (1,) * (len(inputs.shape) - len(self.kept.shape))
        kept = ops.reshape(self.kept, (*ops.shape(self.kept), *missing))
        return inputs * ops.cast(kept, inputs.dtype) / (1.0 - self.rate)


@contextmanager
def drawn_masks(dropouts: Iterable[Dropout], masks: Mapping[str, KerasTensor]) -> Iterator[None]:
    """While it lasts, dropouts keep what the masks under their names say."""
    chosen = [layer for layer in dropouts if layer.name in masks]
    for layer in chosen:
        layer.kept = masks[layer.name]
    try:
        yield
    finally:
        for layer in chosen:
            layer.kept = None
