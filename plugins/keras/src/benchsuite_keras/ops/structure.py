"""Dense layers, and what rearranges elements."""

from keras import layers

from benchsuite_keras.layers import ChannelPadding
from benchsuite_keras.ops.call import ZERO_KERNEL, Call, Lowered, with_bias
from benchsuite_keras.tensors import dense_of_image, transposed


def dense(call: Call) -> Lowered:
    """Dense; its kernel takes care of the order of an image flattened in place."""
    layer = layers.Dense(
        call.attr("units"), use_bias=call.attr("bias"), **ZERO_KERNEL, **call.options()
    )
    output = layer(call.inputs[0])
    kernel = (
        transposed(layer.kernel, 1, 0)
        if call.image is None
        else dense_of_image(layer.kernel, call.image)
    )
    return Lowered(output, with_bias(layer, kernel))


def flatten(call: Call) -> Lowered:
    """Reshape, after a permutation where the order is to be the graph's."""
    x, (height, width, _) = call.inputs[0], call.shapes[0]
    if call.image is None and (height, width) != (1, 1):
        x = layers.Permute((3, 1, 2), **call.options("-channels_first"))(x)
    return Lowered(layers.Reshape(call.node.shape, **call.options())(x))


def reshape(call: Call) -> Lowered:
    """The same elements in the same order."""
    return Lowered(layers.Reshape(call.node.shape, **call.options())(call.inputs[0]))


def concat(call: Call) -> Lowered:
    """Concatenate along the last axis."""
    return Lowered(layers.Concatenate(axis=-1, **call.options())(list(call.inputs)))


def pad_channels(call: Call) -> Lowered:
    """Keras has none of its own."""
    layer = ChannelPadding(call.attr("before"), call.attr("after"), **call.options())
    return Lowered(layer(call.inputs[0]))
