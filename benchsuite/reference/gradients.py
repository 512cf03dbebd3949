"""The reference's backward pass: the derivative of every op, written out in NumPy.

With the functions of `numpy_ops`, this *defines* the gradients that a backend must have. It is
that of training mode: BatchNorm uses the batch's own statistics. Gradients flow as arrays with
the batch first and the channels last; weights have PyTorch's layout.
"""
# ruff: noqa: ARG001 - every op has the same signature

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from benchsuite.reference import layer_gradients as layers
from benchsuite.reference.attention import Array, Attrs, NodeWeights, attention_gradients
from benchsuite.reference.layer_gradients import Gradients
from benchsuite.reference.ops import hard_sigmoid, sigmoid

#: (attributes, weights by role, inputs, output, gradient by the output) -> gradients
Derivative = Callable[[Attrs, NodeWeights, tuple[Array, ...], Array, Array], Gradients]


def _elementwise(slope: Callable[[Array, Array], Array]) -> Derivative:
    """The derivative of an op whose slope is a function of its input and its output."""

    def derivative(
        attrs: Attrs, weights: NodeWeights, inputs: tuple[Array, ...], y: Array, g: Array
    ) -> Gradients:
        return (g * slope(inputs[0], y),), {}

    return derivative


def _gelu_slope(x: Array, y: Array) -> Array:
    from scipy.special import erf

    density = np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
    slope: Array = (1 + erf(x / math.sqrt(2))) / 2 + x * density
    return slope


def _sigmoid_slope(x: Array, y: Array) -> Array:
    return y * (1 - y)


def _silu_slope(x: Array, y: Array) -> Array:
    gate = sigmoid({}, {}, x)
    return gate * (1 + x * (1 - gate))


def _hard_sigmoid_slope(x: Array, y: Array) -> Array:
    slope: Array = (np.abs(x) < 3) / 6  # noqa: PLR2004 - the definition's number
    return slope


def _hard_swish_slope(x: Array, y: Array) -> Array:
    return hard_sigmoid({}, {}, x) + x * _hard_sigmoid_slope(x, y)


# Structure.


def dropped(
    attrs: Attrs, weights: NodeWeights, inputs: tuple[Array, ...], y: Array, g: Array
) -> Gradients:
    """Through what was kept; unchanged where nothing was dropped."""
    return (g * weights["kept"] if "kept" in weights else g,), {}


def reshaped(
    attrs: Attrs, weights: NodeWeights, inputs: tuple[Array, ...], y: Array, g: Array
) -> Gradients:
    """The same elements in another shape."""
    return (g.reshape(inputs[0].shape),), {}


def flatten(
    attrs: Attrs, weights: NodeWeights, inputs: tuple[Array, ...], y: Array, g: Array
) -> Gradients:
    """Back from channel-major order."""
    n, height, width, channels = inputs[0].shape
    return (g.reshape(n, channels, height, width).transpose(0, 2, 3, 1),), {}


def add(
    attrs: Attrs, weights: NodeWeights, inputs: tuple[Array, ...], y: Array, g: Array
) -> Gradients:
    """The same to both."""
    return (g, g), {}


def multiply(
    attrs: Attrs, weights: NodeWeights, inputs: tuple[Array, ...], y: Array, g: Array
) -> Gradients:
    """Each times the other; a gate that held for all positions collects from all."""
    x, gates = inputs
    by_gates = g * x
    if gates.shape != x.shape:
        by_gates = by_gates.sum(axis=(1, 2), keepdims=True)
    return (g * gates, by_gates), {}


def concat(
    attrs: Attrs, weights: NodeWeights, inputs: tuple[Array, ...], y: Array, g: Array
) -> Gradients:
    """Each part its own."""
    ends = np.cumsum([part.shape[-1] for part in inputs])[:-1]
    return tuple(np.split(g, ends, axis=-1)), {}


def pad_channels(
    attrs: Attrs, weights: NodeWeights, inputs: tuple[Array, ...], y: Array, g: Array
) -> Gradients:
    """Without the zeros' share."""
    return (g[..., attrs["before"] : attrs["before"] + inputs[0].shape[-1]],), {}


# Sequences of tokens.


def class_token(
    attrs: Attrs, weights: NodeWeights, inputs: tuple[Array, ...], y: Array, g: Array
) -> Gradients:
    """The first token's gradient is the weight's."""
    return (g[:, 1:],), {"": g[:, :1].sum(axis=0, keepdims=True)}


def position_embedding(
    attrs: Attrs, weights: NodeWeights, inputs: tuple[Array, ...], y: Array, g: Array
) -> Gradients:
    """The same to both; the weight's is summed over the batch."""
    return (g,), {"": g.sum(axis=0, keepdims=True)}


def select_token(
    attrs: Attrs, weights: NodeWeights, inputs: tuple[Array, ...], y: Array, g: Array
) -> Gradients:
    """Nothing to the other tokens."""
    by_x = np.zeros_like(inputs[0])
    by_x[:, attrs["index"]] = g
    return (by_x,), {}


def self_attention(
    attrs: Attrs, weights: NodeWeights, inputs: tuple[Array, ...], y: Array, g: Array
) -> Gradients:
    """See `attention_gradients`."""
    by_x, by_role = attention_gradients(attrs, weights, inputs[0], g)
    return (by_x,), by_role


DERIVATIVES: Mapping[str, Derivative] = MappingProxyType(
    {
        "conv": layers.conv,
        "dense": layers.dense,
        "batch_norm": layers.batch_norm,
        "layer_norm": layers.layer_norm,
        "local_response_norm": layers.local_response_norm,
        "layer_scale": layers.layer_scale,
        "relu": _elementwise(lambda x, _: (x > 0).astype(x.dtype)),
        "relu6": _elementwise(lambda x, _: ((x > 0) & (x < 6)).astype(x.dtype)),  # noqa: PLR2004
        "tanh": _elementwise(lambda _, y: 1 - y**2),
        "gelu": _elementwise(_gelu_slope),
        "sigmoid": _elementwise(_sigmoid_slope),
        "silu": _elementwise(_silu_slope),
        "hard_sigmoid": _elementwise(_hard_sigmoid_slope),
        "hard_swish": _elementwise(_hard_swish_slope),
        "dropout": dropped,
        "stochastic_depth": dropped,
        "max_pool": layers.max_pool,
        "avg_pool": layers.avg_pool,
        "adaptive_avg_pool": layers.adaptive_avg_pool,
        "global_avg_pool": layers.global_avg_pool,
        "pad_channels": pad_channels,
        "add": add,
        "multiply": multiply,
        "concat": concat,
        "flatten": flatten,
        "image_to_sequence": reshaped,
        "class_token": class_token,
        "position_embedding": position_embedding,
        "self_attention": self_attention,
        "select_token": select_token,
    }
)
