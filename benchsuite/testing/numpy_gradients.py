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
from numpy.lib.stride_tricks import sliding_window_view

from benchsuite.testing.numpy_attention import Array, Attrs, NodeWeights, attention_gradients
from benchsuite.testing.numpy_ops import cells, hard_sigmoid, lrn_base, sigmoid
from benchsuite.testing.numpy_windows import cropped, mix_channels, padded, positions, seen, taps

#: Gradients by the inputs, and by the weights' roles.
Gradients = tuple[tuple[Array, ...], dict[str, Array]]
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
    from scipy.special import erf  # type: ignore[import-untyped] # scipy ships no stubs

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


# Windows. What a tap saw gets back what the tap gave.


def conv(
    attrs: Attrs, weights: NodeWeights, inputs: tuple[Array, ...], y: Array, g: Array
) -> Gradients:
    """By the input: each tap's matrix, transposed; by the kernel: gradient times input."""
    (x,), groups, kernel = inputs, attrs["groups"], weights["weight"]
    around, by_kernel = padded(attrs, x, 0.0), np.zeros_like(kernel)
    by_around, counts = np.zeros_like(around), positions(attrs, x.shape[1:3])
    for row, column in taps(attrs):
        tap = (row, column)
        by_kernel[:, :, row, column] = _by_matrix(seen(attrs, around, tap, counts), g, groups)
        by_seen = seen(attrs, by_around, tap, counts)
        by_seen += mix_channels(g, _transposed(kernel[:, :, row, column], groups), groups)
    by_role = {"weight": by_kernel}
    if attrs["bias"]:
        by_role["bias"] = g.sum(axis=(0, 1, 2))
    return (cropped(attrs, by_around, x.shape[1:3]),), by_role


def _transposed(matrix: Array, groups: int) -> Array:
    """(F, C/groups) -> (C, F/groups), group by group."""
    by_group = matrix.reshape(groups, -1, matrix.shape[1]).swapaxes(1, 2)
    transposed: Array = by_group.reshape(groups * matrix.shape[1], -1)
    return transposed


def _by_matrix(x: Array, g: Array, groups: int) -> Array:
    """The gradient by a matrix (F, C/groups) of `mix_channels`."""
    by_matrix: Array
    if groups == 1:
        by_matrix = g.reshape(-1, g.shape[-1]).T @ x.reshape(-1, x.shape[-1])
    elif x.shape == g.shape and groups == x.shape[-1]:
        by_matrix = (x * g).sum(axis=(0, 1, 2))[:, np.newaxis]
    else:
        rows, gradients = (array.reshape(-1, groups, array.shape[-1] // groups) for array in (x, g))
        by_matrix = np.einsum("mgf,mgc->gfc", gradients, rows).reshape(g.shape[-1], -1)
    return by_matrix


def max_pool(
    attrs: Attrs, weights: NodeWeights, inputs: tuple[Array, ...], y: Array, g: Array
) -> Gradients:
    """To the first largest element of each window."""
    (x,) = inputs
    around, counts = padded(attrs, x, -np.inf), positions(attrs, x.shape[1:3])
    by_around, unclaimed = np.zeros_like(around), np.ones(g.shape, bool)
    for tap in taps(attrs):
        largest = unclaimed & (seen(attrs, around, tap, counts) == y)
        unclaimed &= ~largest
        by_seen = seen(attrs, by_around, tap, counts)
        by_seen += g * largest
    return (cropped(attrs, by_around, x.shape[1:3]),), {}


def avg_pool(
    attrs: Attrs, weights: NodeWeights, inputs: tuple[Array, ...], y: Array, g: Array
) -> Gradients:
    """An equal share to every element of each window."""
    (x,), share = inputs, g / math.prod(attrs["kernel"])
    by_around, counts = np.zeros_like(padded(attrs, x, 0.0)), positions(attrs, x.shape[1:3])
    for tap in taps(attrs):
        by_seen = seen(attrs, by_around, tap, counts)
        by_seen += share
    return (cropped(attrs, by_around, x.shape[1:3]),), {}


def adaptive_avg_pool(
    attrs: Attrs, weights: NodeWeights, inputs: tuple[Array, ...], y: Array, g: Array
) -> Gradients:
    """The transposed matrices of averages."""
    (x,) = inputs
    down, right = (cells(*pair) for pair in zip(x.shape[1:3], attrs["size"], strict=True))
    return (np.einsum("ih,nijc,jw->nhwc", down, g, right, optimize=True),), {}


def global_avg_pool(
    attrs: Attrs, weights: NodeWeights, inputs: tuple[Array, ...], y: Array, g: Array
) -> Gradients:
    """An equal share to every position."""
    (x,) = inputs
    share = g[:, np.newaxis, np.newaxis] / (x.shape[1] * x.shape[2])
    return (np.broadcast_to(share, x.shape),), {}


def local_response_norm(
    attrs: Attrs, weights: NodeWeights, inputs: tuple[Array, ...], y: Array, g: Array
) -> Gradients:
    """g·b^-β - 2αβ·x·Σ g·y/b, over the channels that have this one as a neighbour."""
    (x,), size = inputs, attrs["size"]
    base = lrn_base(attrs, x)
    pads = ((0, 0), (0, 0), (0, 0), ((size - 1) // 2, size // 2))
    summed = sliding_window_view(np.pad(g * y / base, pads), size, axis=3).sum(axis=-1)
    scale = 2 * attrs["alpha"] * attrs["beta"]
    return (g / base ** attrs["beta"] - scale * x * summed,), {}


# Linear maps, normalisation.


def dense(
    attrs: Attrs, weights: NodeWeights, inputs: tuple[Array, ...], y: Array, g: Array
) -> Gradients:
    """By the input g W, by the matrix gᵀ x."""
    (x,) = inputs
    rows = g.reshape(-1, g.shape[-1])
    by_role = {"weight": rows.T @ x.reshape(-1, x.shape[-1])}
    if attrs["bias"]:
        by_role["bias"] = rows.sum(axis=0)
    return (g @ weights["weight"],), by_role


def batch_norm(
    attrs: Attrs, weights: NodeWeights, inputs: tuple[Array, ...], y: Array, g: Array
) -> Gradients:
    """Of training mode: mean and variance are functions of the batch (Ioffe and Szegedy 2015)."""
    return _normalisation(attrs, weights, inputs[0], g, axes=tuple(range(inputs[0].ndim - 1)))


def batch_norm_in_evaluation(
    attrs: Attrs, weights: NodeWeights, inputs: tuple[Array, ...], y: Array, g: Array
) -> Gradients:
    """Of evaluation mode, by the running statistics too: they are constants of the network."""
    (x,), rows = inputs, tuple(range(g.ndim - 1))
    variance = weights["running_var"] + attrs["epsilon"]
    centred, through = x - weights["running_mean"], g * weights["weight"] / np.sqrt(variance)
    by_role = {
        "weight": (g * centred).sum(axis=rows) / np.sqrt(variance),
        "bias": g.sum(axis=rows),
        "running_mean": -through.sum(axis=rows),
        "running_var": -(through * centred).sum(axis=rows) / (2 * variance),
    }
    return (through,), by_role


def layer_norm(
    attrs: Attrs, weights: NodeWeights, inputs: tuple[Array, ...], y: Array, g: Array
) -> Gradients:
    """As batch_norm, with the statistics of each example's last axis."""
    return _normalisation(attrs, weights, inputs[0], g, axes=(-1,))


def _normalisation(
    attrs: Attrs, weights: NodeWeights, x: Array, g: Array, axes: tuple[int, ...]
) -> Gradients:
    centred = x - x.mean(axis=axes, keepdims=True)
    deviation = np.sqrt((centred**2).mean(axis=axes, keepdims=True) + attrs["epsilon"])
    normal = centred / deviation
    rows = tuple(range(x.ndim - 1))
    by_role = {"weight": (g * normal).sum(axis=rows), "bias": g.sum(axis=rows)}
    through = g * weights["weight"]
    shared = through.mean(axis=axes, keepdims=True)
    shared = shared + normal * (through * normal).mean(axis=axes, keepdims=True)
    return ((through - shared) / deviation,), by_role


def layer_scale(
    attrs: Attrs, weights: NodeWeights, inputs: tuple[Array, ...], y: Array, g: Array
) -> Gradients:
    """A product by channel."""
    (x,), scale = inputs, weights[""]
    return (g * scale[:, 0, 0],), {"": (g * x).sum(axis=(0, 1, 2)).reshape(scale.shape)}


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
        "conv": conv,
        "dense": dense,
        "batch_norm": batch_norm,
        "layer_norm": layer_norm,
        "local_response_norm": local_response_norm,
        "layer_scale": layer_scale,
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
        "max_pool": max_pool,
        "avg_pool": avg_pool,
        "adaptive_avg_pool": adaptive_avg_pool,
        "global_avg_pool": global_avg_pool,
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
