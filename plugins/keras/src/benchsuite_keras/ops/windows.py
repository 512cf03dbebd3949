"""Convolution and pooling."""

from collections.abc import Callable, Mapping
from typing import Any

from keras import layers

from benchsuite_keras.layers import AdaptiveAveragePooling2D, InfinitePadding2D, KerasTensor
from benchsuite_keras.ops.call import ZERO_KERNEL, Call, Lowered, with_bias
from benchsuite_keras.padding import Pads, keras_padding, window_pads
from benchsuite_keras.tensors import depthwise, transposed


def conv(call: Call) -> Lowered:
    """Conv2D, or DepthwiseConv2D."""
    x, padding = _padded(call, layers.ZeroPadding2D, call.image_options("-pad"))
    options = {
        **call.image_options(),
        "strides": call.attr("stride"),
        "padding": padding,
        "use_bias": call.attr("bias"),
    }
    if _is_depthwise(call):
        multiplier = call.attr("filters") // call.attr("groups")
        layer = layers.DepthwiseConv2D(
            call.attr("kernel"),
            depth_multiplier=multiplier,
            depthwise_initializer="zeros",
            bias_initializer="zeros",
            **options,
        )
        output = layer(x)
        return Lowered(output, with_bias(layer, depthwise(layer.kernel)))
    layer = layers.Conv2D(
        call.attr("filters"),
        call.attr("kernel"),
        groups=call.attr("groups"),
        **ZERO_KERNEL,
        **options,
    )
    output = layer(x)
    return Lowered(output, with_bias(layer, transposed(layer.kernel, 2, 3, 1, 0)))


def _is_depthwise(call: Call) -> bool:
    """One group per channel; TensorFlow's kernel has one stride for both axes."""
    height, width = call.attr("stride")
    return bool(1 < call.attr("groups") == call.shapes[0][-1] and height == width)


def max_pool(call: Call) -> Lowered:
    """MaxPooling2D: neither -inf nor what 'same' pads ever wins."""
    x, padding = _padded(call, InfinitePadding2D, call.options("-pad"))
    return _pool(call, layers.MaxPooling2D, x, padding)


def avg_pool(call: Call) -> Lowered:
    """AveragePooling2D; what 'same' pads would not count in its means, as zeros do here."""
    x, pads = call.inputs[0], _pads(call)
    if pads != ((0, 0), (0, 0)):
        x = layers.ZeroPadding2D(pads, **call.image_options("-pad"))(x)
    return _pool(call, layers.AveragePooling2D, x, "valid")


def _pool(call: Call, layer: Callable[..., Any], x: KerasTensor, padding: str) -> Lowered:
    window = {"strides": call.attr("stride"), "padding": padding}
    return Lowered(layer(call.attr("kernel"), **window, **call.image_options())(x))


def _pads(call: Call) -> Pads:
    window = (call.attr("kernel"), call.attr("stride"), call.attr("padding"))
    return window_pads(call.shapes[0][:2], call.node.shape[:2], *window)


def _padded(
    call: Call, pad: Callable[..., Any], options: Mapping[str, Any]
) -> tuple[KerasTensor, str]:
    """The input and what is to be said as `padding`: padded by a layer where Keras cannot."""
    pads = _pads(call)
    named = keras_padding(call.shapes[0][:2], call.attr("kernel"), call.attr("stride"), pads)
    if named is not None:
        return call.inputs[0], named
    return pad(pads, **options)(call.inputs[0]), "valid"


def global_avg_pool(call: Call) -> Lowered:
    """GlobalAveragePooling2D."""
    return Lowered(layers.GlobalAveragePooling2D(**call.image_options())(call.inputs[0]))


def adaptive_avg_pool(call: Call) -> Lowered:
    """The plainest layer that averages over just these cells."""
    return Lowered(_adaptive_layer(call)(call.inputs[0]))


def _adaptive_layer(call: Call) -> Any:  # noqa: ANN401 - a keras.Layer
    (height, width), size = call.shapes[0][:2], call.attr("size")
    if size == (height, width):
        return layers.Identity(**call.options())
    if size == (1, 1):
        return layers.GlobalAveragePooling2D(keepdims=True, **call.image_options())
    if height % size[0] or width % size[1]:
        return AdaptiveAveragePooling2D(size, **call.options())
    cell = (height // size[0], width // size[1])
    return layers.AveragePooling2D(cell, strides=cell, padding="valid", **call.image_options())
