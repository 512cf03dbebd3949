"""The reference's backward pass: the derivative of every op, written out in NumPy.

With the functions of `ops`, this *defines* the gradients that a backend must have. It is that of
training mode: BatchNorm uses the batch's own statistics. Gradients flow as arrays with the batch
first and the channels last; weights have PyTorch's layout.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from benchsuite.reference.attention import Array, Attrs, NodeWeights, attention_gradients
from benchsuite.reference.ops import cells, hard_sigmoid, lrn_base, sigmoid
from benchsuite.reference.windows import cropped, mix_channels, padded, positions, seen, taps

#: Gradients by the inputs, and by the weights' roles.
Gradients = tuple[tuple[Array, ...], dict[str, Array]]


@dataclass(frozen=True, slots=True)
class Applied:
    """An op as it was applied: weights by role, inputs, output, and the gradient by that."""

    attrs: Attrs
    weights: NodeWeights
    inputs: tuple[Array, ...]
    y: Array
    g: Array

    @property
    def x(self) -> Array:
        """The first input."""
        return self.inputs[0]


Derivative = Callable[[Applied], Gradients]


# Windows. What a tap saw gets back what the tap gave.


def _conv(op: Applied) -> Gradients:
    """By the input: each tap's matrix, transposed; by the kernel: gradient times input."""
    attrs, x, g = op.attrs, op.x, op.g
    groups, kernel = attrs["groups"], op.weights["weight"]
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


def _max_pool(op: Applied) -> Gradients:
    """To the first largest element of each window."""
    attrs, x, g = op.attrs, op.x, op.g
    around, counts = padded(attrs, x, -np.inf), positions(attrs, x.shape[1:3])
    by_around, unclaimed = np.zeros_like(around), np.ones(g.shape, bool)
    for tap in taps(attrs):
        largest = unclaimed & (seen(attrs, around, tap, counts) == op.y)
        unclaimed &= ~largest
        by_seen = seen(attrs, by_around, tap, counts)
        by_seen += g * largest
    return (cropped(attrs, by_around, x.shape[1:3]),), {}


def _avg_pool(op: Applied) -> Gradients:
    """An equal share to every element of each window."""
    attrs, x, share = op.attrs, op.x, op.g / math.prod(op.attrs["kernel"])
    by_around, counts = np.zeros_like(padded(attrs, x, 0.0)), positions(attrs, x.shape[1:3])
    for tap in taps(attrs):
        by_seen = seen(attrs, by_around, tap, counts)
        by_seen += share
    return (cropped(attrs, by_around, x.shape[1:3]),), {}


def _adaptive_avg_pool(op: Applied) -> Gradients:
    """The transposed matrices of averages."""
    down, right = (cells(*pair) for pair in zip(op.x.shape[1:3], op.attrs["size"], strict=True))
    return (np.einsum("ih,nijc,jw->nhwc", down, op.g, right, optimize=True),), {}


def _global_avg_pool(op: Applied) -> Gradients:
    """An equal share to every position."""
    share = op.g[:, np.newaxis, np.newaxis] / math.prod(op.x.shape[1:3])
    return (np.broadcast_to(share, op.x.shape),), {}


def _local_response_norm(op: Applied) -> Gradients:
    """g·b^-β - 2αβ·x·Σ g·y/b, over the channels that have this one as a neighbour."""
    attrs, x, size = op.attrs, op.x, op.attrs["size"]
    base = lrn_base(attrs, x)
    pads = ((0, 0), (0, 0), (0, 0), ((size - 1) // 2, size // 2))
    summed = sliding_window_view(np.pad(op.g * op.y / base, pads), size, axis=3).sum(axis=-1)
    scale = 2 * attrs["alpha"] * attrs["beta"]
    return (op.g / base ** attrs["beta"] - scale * x * summed,), {}


# Linear maps, normalisation.


def _dense(op: Applied) -> Gradients:
    """By the input g W, by the matrix gᵀ x."""
    rows = op.g.reshape(-1, op.g.shape[-1])
    by_role = {"weight": rows.T @ op.x.reshape(-1, op.x.shape[-1])}
    if op.attrs["bias"]:
        by_role["bias"] = rows.sum(axis=0)
    return (op.g @ op.weights["weight"],), by_role


def batch_norm_in_evaluation(op: Applied) -> Gradients:
    """Of evaluation mode, by the running statistics too: they are constants of the network."""
    weights, g, rows = op.weights, op.g, tuple(range(op.g.ndim - 1))
    variance = weights["running_var"] + op.attrs["epsilon"]
    centred, through = op.x - weights["running_mean"], g * weights["weight"] / np.sqrt(variance)
    by_role = {
        "weight": (g * centred).sum(axis=rows) / np.sqrt(variance),
        "bias": g.sum(axis=rows),
        "running_mean": -through.sum(axis=rows),
        "running_var": -(through * centred).sum(axis=rows) / (2 * variance),
    }
    return (through,), by_role


def _normalisation(op: Applied, axes: tuple[int, ...]) -> Gradients:
    """By the statistics over these axes: of the batch, or of each example."""
    x, g = op.x, op.g
    centred = x - x.mean(axis=axes, keepdims=True)
    deviation = np.sqrt((centred**2).mean(axis=axes, keepdims=True) + op.attrs["epsilon"])
    normal = centred / deviation
    rows = tuple(range(x.ndim - 1))
    by_role = {"weight": (g * normal).sum(axis=rows), "bias": g.sum(axis=rows)}
    through = g * op.weights["weight"]
    shared = through.mean(axis=axes, keepdims=True)
    shared = shared + normal * (through * normal).mean(axis=axes, keepdims=True)
    return ((through - shared) / deviation,), by_role


def _layer_scale(op: Applied) -> Gradients:
    """A product by channel."""
    scale = op.weights[""]
    return (op.g * scale[:, 0, 0],), {"": (op.g * op.x).sum(axis=(0, 1, 2)).reshape(scale.shape)}


# Elements, by themselves.


def _elementwise(slope: Callable[[Array, Array], Array]) -> Derivative:
    """The derivative of an op whose slope is a function of its input and its output."""
    return lambda op: ((op.g * slope(op.x, op.y),), {})


def _gelu_slope(x: Array, _: Array) -> Array:
    from scipy.special import erf

    density = np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
    slope: Array = (1 + erf(x / math.sqrt(2))) / 2 + x * density
    return slope


def _silu_slope(x: Array, _: Array) -> Array:
    gate = sigmoid(x)
    return gate * (1 + x * (1 - gate))


def _hard_sigmoid_slope(x: Array, _: Array) -> Array:
    slope: Array = (np.abs(x) < 3) / 6  # noqa: PLR2004 - the definition's number
    return slope


# Structure.


def _dropped(op: Applied) -> Gradients:
    """Through what was kept; unchanged where nothing was dropped."""
    return (op.g * op.weights["kept"] if "kept" in op.weights else op.g,), {}


def _flatten(op: Applied) -> Gradients:
    """Back from channel-major order."""
    n, height, width, channels = op.x.shape
    return (op.g.reshape(n, channels, height, width).transpose(0, 2, 3, 1),), {}


def _multiply(op: Applied) -> Gradients:
    """Each times the other; a gate that held for all positions collects from all."""
    x, gates = op.inputs
    by_gates = op.g * x
    if gates.shape != x.shape:
        by_gates = by_gates.sum(axis=(1, 2), keepdims=True)
    return (op.g * gates, by_gates), {}


def _concat(op: Applied) -> Gradients:
    """Each part its own."""
    ends = np.cumsum([part.shape[-1] for part in op.inputs])[:-1]
    return tuple(np.split(op.g, ends, axis=-1)), {}


def _pad_channels(op: Applied) -> Gradients:
    """Without the zeros' share."""
    before = op.attrs["before"]
    return (op.g[..., before : before + op.x.shape[-1]],), {}


# Sequences of tokens.


def _class_token(op: Applied) -> Gradients:
    """The first token's gradient is the weight's."""
    return (op.g[:, 1:],), {"": op.g[:, :1].sum(axis=0, keepdims=True)}


def _select_token(op: Applied) -> Gradients:
    """Nothing to the other tokens."""
    by_x = np.zeros_like(op.x)
    by_x[:, op.attrs["index"]] = op.g
    return (by_x,), {}


def _self_attention(op: Applied) -> Gradients:
    by_x, by_role = attention_gradients(op.attrs, op.weights, op.x, op.g)
    return (by_x,), by_role


DERIVATIVES: Mapping[str, Derivative] = MappingProxyType(
    {
        "conv": _conv,
        "dense": _dense,
        # of training mode: mean and variance are functions of the batch (Ioffe and Szegedy 2015)
        "batch_norm": lambda op: _normalisation(op, tuple(range(op.x.ndim - 1))),
        "layer_norm": lambda op: _normalisation(op, (-1,)),
        "local_response_norm": _local_response_norm,
        "layer_scale": _layer_scale,
        "relu": _elementwise(lambda x, _: (x > 0).astype(x.dtype)),
        "relu6": _elementwise(lambda x, _: ((x > 0) & (x < 6)).astype(x.dtype)),  # noqa: PLR2004
        "tanh": _elementwise(lambda _, y: 1 - y**2),
        "gelu": _elementwise(_gelu_slope),
        "sigmoid": _elementwise(lambda _, y: y * (1 - y)),
        "silu": _elementwise(_silu_slope),
        "hard_sigmoid": _elementwise(_hard_sigmoid_slope),
        "hard_swish": _elementwise(lambda x, y: hard_sigmoid(x) + x * _hard_sigmoid_slope(x, y)),
        "dropout": _dropped,
        "stochastic_depth": _dropped,
        "max_pool": _max_pool,
        "avg_pool": _avg_pool,
        "adaptive_avg_pool": _adaptive_avg_pool,
        "global_avg_pool": _global_avg_pool,
        "pad_channels": _pad_channels,
        "add": lambda op: ((op.g, op.g), {}),
        "multiply": _multiply,
        "concat": _concat,
        "flatten": _flatten,
        "image_to_sequence": lambda op: ((op.g.reshape(op.x.shape),), {}),
        "class_token": _class_token,
        "position_embedding": lambda op: ((op.g,), {"": op.g.sum(axis=0, keepdims=True)}),
        "self_attention": _self_attention,
        "select_token": _select_token,
    }
)
