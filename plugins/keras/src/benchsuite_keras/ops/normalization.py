"""Normalisation, and the scales of channels."""

from keras import layers

from benchsuite_keras.layers import (
    LayerScale,
    LocalResponseNormalization,
    UnbiasedBatchNormalization,
)
from benchsuite_keras.ops.call import Call, Lowered
from benchsuite_keras.tensors import channelwise, same


def batch_norm(call: Call) -> Lowered:
    """BatchNormalization with PyTorch's running variance."""
    layer = UnbiasedBatchNormalization(
        epsilon=call.attr("epsilon"), momentum=1.0 - call.attr("momentum"), **call.options()
    )
    output = layer(call.inputs[0])
    return Lowered(
        output,
        {
            "weight": same(layer.gamma),
            "bias": same(layer.beta),
            "running_mean": same(layer.moving_mean),
            "running_var": same(layer.moving_variance),
        },
    )


def layer_norm(call: Call) -> Lowered:
    """LayerNormalization."""
    layer = layers.LayerNormalization(epsilon=call.attr("epsilon"), **call.options())
    output = layer(call.inputs[0])
    return Lowered(output, {"weight": same(layer.gamma), "bias": same(layer.beta)})


def local_response_norm(call: Call) -> Lowered:
    """Keras has none of its own."""
    numbers = {name: call.attr(name) for name in ("size", "alpha", "beta", "k")}
    return Lowered(LocalResponseNormalization(**numbers, **call.options())(call.inputs[0]))


def layer_scale(call: Call) -> Lowered:
    """Keras has none of its own."""
    layer = LayerScale(**call.options())
    output = layer(call.inputs[0])
    return Lowered(output, {"": channelwise(layer.scale)})
