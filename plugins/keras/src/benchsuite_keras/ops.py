"""How each op becomes ordinary Keras layers, and where its weights are then kept.

No default of Keras decides anything: layout, dtype, padding and epsilon are all given.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import keras
import numpy as np
from keras import layers

from benchsuite.graph import Node, Shape
from benchsuite_keras.layers import (
    ClassToken,
    InfinitePadding2D,
    KerasTensor,
    PositionEmbedding,
    SelectToken,
    UnbiasedBatchNormalization,
    exact_gelu,
)
from benchsuite_keras.padding import keras_padding
from benchsuite_keras.tensors import (
    Tensor,
    dense_of_image,
    depthwise,
    output_projection,
    packed_biases,
    packed_kernels,
    same,
    transposed,
)

#: Initial values are the core's: Keras need not draw its own.
_ZERO_KERNEL = {"kernel_initializer": "zeros", "bias_initializer": "zeros"}

#: PyTorch keeps Keras' seeds as int32.
_LARGEST_SEED = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Call:
    """One node about to be lowered.

    inputs, shapes: its inputs, and their shapes for one image.
    dtype: `float32` or `float64`.
    seed: of the session's random streams.
    image: of a flatten or dense node, the (H, W, C) that it gives or takes in that very order.
    """

    node: Node
    inputs: Sequence[KerasTensor]
    shapes: Sequence[Shape]
    dtype: str
    seed: int
    image: Shape | None = None

    def attr(self, name: str) -> Any:  # noqa: ANN401 - its type depends on the op
        """One of the node's numbers."""
        return self.node.attrs[name]

    def options(self, suffix: str = "") -> dict[str, Any]:
        """What every layer is given: its name and dtype. PyTorch allows no dots in a name."""
        return {"name": (self.node.name + suffix).replace(".", "-"), "dtype": self.dtype}

    def image_options(self, suffix: str = "") -> dict[str, Any]:
        """As `options`, for layers that know of a memory layout."""
        return {**self.options(suffix), "data_format": "channels_last"}


@dataclass(frozen=True, slots=True)
class Lowered:
    """A node's output, and its weights by role."""

    output: KerasTensor
    tensors: Mapping[str, Tensor] = field(default_factory=dict)


# Convolution, dense layers and pooling.


def _conv(call: Call) -> Lowered:
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
        return Lowered(output, _with_bias(layer, depthwise(layer.kernel)))
    layer = layers.Conv2D(
        call.attr("filters"),
        call.attr("kernel"),
        groups=call.attr("groups"),
        **_ZERO_KERNEL,
        **options,
    )
    output = layer(x)
    return Lowered(output, _with_bias(layer, transposed(layer.kernel, 2, 3, 1, 0)))


def _is_depthwise(call: Call) -> bool:
    """One group per channel; TensorFlow's kernel has one stride for both axes."""
    height, width = call.attr("stride")
    return bool(1 < call.attr("groups") == call.shapes[0][-1] and height == width)


def _dense(call: Call) -> Lowered:
    layer = layers.Dense(
        call.attr("units"), use_bias=call.attr("bias"), **_ZERO_KERNEL, **call.options()
    )
    output = layer(call.inputs[0])
    kernel = (
        transposed(layer.kernel, 1, 0)
        if call.image is None
        else dense_of_image(layer.kernel, call.image)
    )
    return Lowered(output, _with_bias(layer, kernel))


def _with_bias(layer: Any, kernel: Tensor) -> dict[str, Tensor]:  # noqa: ANN401 - a keras.Layer
    return {"weight": kernel, **({"bias": same(layer.bias)} if layer.use_bias else {})}


def _max_pool(call: Call) -> Lowered:
    return _pool(call, layers.MaxPooling2D)


def _avg_pool(call: Call) -> Lowered:
    return _pool(call, layers.AveragePooling2D)


def _pool(call: Call, layer: Callable[..., Any]) -> Lowered:
    x, padding = _padded(call, InfinitePadding2D, call.options("-pad"))
    window = {"strides": call.attr("stride"), "padding": padding}
    return Lowered(layer(call.attr("kernel"), **window, **call.image_options())(x))


def _padded(
    call: Call, pad: Callable[..., Any], options: Mapping[str, Any]
) -> tuple[KerasTensor, str]:
    """The input and what is to be said as `padding`: padded by a layer where Keras cannot."""
    window = (call.attr("kernel"), call.attr("stride"), call.attr("padding"))
    named = keras_padding(call.shapes[0][:2], *window)
    if named is not None:
        return call.inputs[0], named
    return pad(call.attr("padding"), **options)(call.inputs[0]), "valid"


def _global_avg_pool(call: Call) -> Lowered:
    return Lowered(layers.GlobalAveragePooling2D(**call.image_options())(call.inputs[0]))


# Normalisation, activation and dropout.


def _batch_norm(call: Call) -> Lowered:
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


def _layer_norm(call: Call) -> Lowered:
    layer = layers.LayerNormalization(epsilon=call.attr("epsilon"), **call.options())
    output = layer(call.inputs[0])
    return Lowered(output, {"weight": same(layer.gamma), "bias": same(layer.beta)})


def _activation(call: Call, function: str | Callable[..., Any]) -> Lowered:
    return Lowered(layers.Activation(function, **call.options())(call.inputs[0]))


def _dropout(call: Call) -> Lowered:
    digest = zlib.crc32(f"{call.seed}:{call.node.name}".encode())  # a stream of its own
    layer = layers.Dropout(call.attr("rate"), seed=digest & _LARGEST_SEED, **call.options())
    return Lowered(layer(call.inputs[0]))


# Structure and sequences of tokens.


def _add(call: Call) -> Lowered:
    return Lowered(layers.Add(**call.options())(list(call.inputs)))


def _flatten(call: Call) -> Lowered:
    x, (height, width, _) = call.inputs[0], call.shapes[0]
    if call.image is None and (height, width) != (1, 1):
        x = layers.Permute((3, 1, 2), **call.options("-channels_first"))(x)
    return Lowered(layers.Reshape(call.node.shape, **call.options())(x))


def _reshape(call: Call) -> Lowered:
    return Lowered(layers.Reshape(call.node.shape, **call.options())(call.inputs[0]))


def _class_token(call: Call) -> Lowered:
    layer = ClassToken(**call.options())
    output = layer(call.inputs[0])
    return Lowered(output, {"": same(layer.token)})


def _position_embedding(call: Call) -> Lowered:
    layer = PositionEmbedding(**call.options())
    output = layer(call.inputs[0])
    return Lowered(output, {"": same(layer.position)})


def _self_attention(call: Call) -> Lowered:
    heads, width = call.attr("heads"), call.shapes[0][-1]
    layer = layers.MultiHeadAttention(
        heads, width // heads, use_bias=True, dropout=0.0, **_ZERO_KERNEL, **call.options()
    )
    # JAX's fused attention takes its softmax in float32; where the scores are asked for, Keras
    # computes each part by itself.
    in_parts = call.dtype == "float64" and keras.backend.backend() == "jax"
    output = layer(call.inputs[0], call.inputs[0], return_attention_scores=in_parts)
    # TensorFlow takes a Python float for float32, and rounds it, even where all else is float64.
    layer._inverse_sqrt_key_dim = np.float64(layer._inverse_sqrt_key_dim)  # noqa: SLF001
    projections = (layer.query_dense, layer.key_dense, layer.value_dense)
    return Lowered(
        output[0] if in_parts else output,
        {
            "in_proj_weight": packed_kernels([each.kernel for each in projections]),
            "in_proj_bias": packed_biases([each.bias for each in projections]),
            "out_proj.weight": output_projection(layer.output_dense.kernel),
            "out_proj.bias": same(layer.output_dense.bias),
        },
    )


def _select_token(call: Call) -> Lowered:
    return Lowered(SelectToken(call.attr("index"), **call.options())(call.inputs[0]))


LOWERINGS: Mapping[str, Callable[[Call], Lowered]] = {
    "conv": _conv,
    "dense": _dense,
    "batch_norm": _batch_norm,
    "layer_norm": _layer_norm,
    "relu": partial(_activation, function="relu"),
    "relu6": partial(_activation, function="relu6"),
    "tanh": partial(_activation, function="tanh"),
    "gelu": partial(_activation, function=exact_gelu),
    "dropout": _dropout,
    "max_pool": _max_pool,
    "avg_pool": _avg_pool,
    "global_avg_pool": _global_avg_pool,
    "add": _add,
    "flatten": _flatten,
    "image_to_sequence": _reshape,
    "class_token": _class_token,
    "position_embedding": _position_embedding,
    "self_attention": _self_attention,
    "select_token": _select_token,
}
#: What a graph may hold: its input needs no lowering of its own.
OPS = frozenset({"input", *LOWERINGS})
