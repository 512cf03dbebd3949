"""Layers that Keras does not have, or has with other semantics than the graph's."""

from benchsuite_keras.layers.activations import exact_gelu, exact_hard_sigmoid
from benchsuite_keras.layers.normalization import (
    LayerScale,
    LocalResponseNormalization,
    UnbiasedBatchNormalization,
)
from benchsuite_keras.layers.registry import KerasTensor
from benchsuite_keras.layers.sequences import ClassToken, PositionEmbedding, SelectToken
from benchsuite_keras.layers.windows import (
    AdaptiveAveragePooling2D,
    ChannelPadding,
    InfinitePadding2D,
)

__all__ = [
    "AdaptiveAveragePooling2D",
    "ChannelPadding",
    "ClassToken",
    "InfinitePadding2D",
    "KerasTensor",
    "LayerScale",
    "LocalResponseNormalization",
    "PositionEmbedding",
    "SelectToken",
    "UnbiasedBatchNormalization",
    "exact_gelu",
    "exact_hard_sigmoid",
]
