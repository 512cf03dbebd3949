"""Parameters and MACs of a Keras model, from its own layers: Keras itself counts no MACs."""

import math
from collections.abc import Iterator
from typing import Any

from keras import Model, layers

from benchsuite.contract import Counts


def count(model: Any) -> Counts:  # noqa: ANN401 - a keras.Model
    """Trainable elements, and multiply-accumulates of one image by kernel and output shapes.

    Convolutions, dense layers and attention count; padding counts as dense work.
    """
    return Counts(
        parameters=sum(math.prod(variable.shape) for variable in model.trainable_variables),
        macs=sum(_macs(layer) for layer in _layers(model)),
        counter=f"{__name__}: kernels × output positions of each Keras layer",
    )


def _layers(model: Any) -> Iterator[Any]:  # noqa: ANN401 - a keras.Model
    """Its layers, and those of the models among them."""
    for layer in model.layers:
        if isinstance(layer, Model):
            yield from _layers(layer)
        else:
            yield layer


def _macs(layer: Any) -> int:  # noqa: ANN401 - a keras.Layer
    if isinstance(layer, layers.MultiHeadAttention):
        return _attention_macs(layer)
    if isinstance(layer, layers.SeparableConv2D):
        return _kernel_macs(layer, layer.depthwise_kernel, layer.pointwise_kernel)
    if isinstance(layer, (layers.Conv2D, layers.DepthwiseConv2D, layers.Dense)):
        return _kernel_macs(layer, layer.kernel)
    return 0


def _kernel_macs(layer: Any, *kernels: Any) -> int:  # noqa: ANN401 - a keras.Layer and its variables
    """Every element of the kernels once for each output position."""
    macs: int = math.prod(layer.output.shape[1:-1]) * sum(math.prod(k.shape) for k in kernels)
    return macs


def _attention_macs(layer: Any) -> int:  # noqa: ANN401 - a keras.layers.MultiHeadAttention
    """Four projections of each token, and for each pair of tokens its score and its value."""
    tokens: int = layer.input[0].shape[1]
    projections = (layer.query_dense, layer.key_dense, layer.value_dense, layer.output_dense)
    kernels = sum(math.prod(each.kernel.shape) for each in projections)
    _, heads, key_width = layer.query_dense.kernel.shape
    value_width = layer.value_dense.kernel.shape[-1]
    macs: int = tokens * kernels + tokens**2 * heads * (key_width + value_width)
    return macs
