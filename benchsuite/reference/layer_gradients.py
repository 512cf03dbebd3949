"""The reference's backward pass of layers with windows or weights: see `numpy_gradients`."""
# ruff: noqa: ARG001 - every op has the same signature

from __future__ import annotations

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from benchsuite.reference.attention import Array, Attrs, NodeWeights
from benchsuite.reference.ops import cells, lrn_base
from benchsuite.reference.windows import cropped, mix_channels, padded, positions, seen, taps

#: Gradients by the inputs, and by the weights' roles.
Gradients = tuple[tuple[Array, ...], dict[str, Array]]


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
