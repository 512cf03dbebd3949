"""The reference: this file *defines* what every op computes.

A backend is right where it agrees with these functions. Each is short and pure, on arrays
with the batch first and the channels last, and written for clarity; weights come in
PyTorch's layout, by role. They are those of evaluation mode; in training, `Oracle` hands
batch_norm the batch's own statistics and the dropouts what they keep.
"""
# ruff: noqa: ARG001, ARG005 - every op has the same signature

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import reduce
from types import MappingProxyType

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from benchsuite.reference.attention import Array, Attrs, NodeWeights, attention_parts
from benchsuite.reference.windows import all_seen, mix_channels, taps

Operation = Callable[..., Array]


def conv(attrs: Attrs, weights: NodeWeights, x: Array) -> Array:
    """Cross-correlation with zero padding, (N, H, W, C) -> (N, H', W', F).

    Group g of the filters sees group g of the channels; the weight is (F, C/groups, kh, kw).
    """
    kernel, groups = weights["weight"], attrs["groups"]
    views = zip(taps(attrs), all_seen(attrs, x, 0.0), strict=True)
    mixed = (mix_channels(view, kernel[:, :, row, column], groups) for (row, column), view in views)
    y: Array = reduce(np.add, mixed)
    return y + weights["bias"] if attrs["bias"] else y


def dense(attrs: Attrs, weights: NodeWeights, x: Array) -> Array:
    """Linear map of the last axis, x Wᵀ + b: (N, …, F) -> (N, …, units).

    The weight is (units, F).
    """
    y: Array = x @ weights["weight"].T
    return y + weights["bias"] if attrs["bias"] else y


def batch_norm(attrs: Attrs, weights: NodeWeights, x: Array) -> Array:
    """(x - running_mean) / sqrt(running_var + epsilon) · weight + bias, over the last axis."""
    deviation = np.sqrt(weights["running_var"] + attrs["epsilon"])
    y: Array = (x - weights["running_mean"]) / deviation * weights["weight"] + weights["bias"]
    return y


def layer_norm(attrs: Attrs, weights: NodeWeights, x: Array) -> Array:
    """As batch_norm, with the mean and the biased variance of each example's last axis."""
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = (centred**2).mean(axis=-1, keepdims=True)
    y: Array = centred / np.sqrt(variance + attrs["epsilon"]) * weights["weight"] + weights["bias"]
    return y


def gelu(x: Array) -> Array:
    """The exact form of x Φ(x): x (1 + erf(x / sqrt 2)) / 2; never the tanh approximation."""
    from scipy.special import erf

    y: Array = x * (1 + erf(x / math.sqrt(2))) / 2
    return y


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), written so that nothing overflows."""
    y: Array = (1 + np.tanh(x / 2)) / 2
    return y


def hard_sigmoid(x: Array) -> Array:
    """min(max(x + 3, 0), 6) / 6."""
    y: Array = np.clip(x + 3, 0, 6) / 6
    return y


#: What is done to each element by itself.
_ELEMENTWISE: Mapping[str, Callable[[Array], Array]] = {
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "tanh": np.tanh,
    "gelu": gelu,
    "sigmoid": sigmoid,
    "silu": lambda x: x * sigmoid(x),
    "hard_sigmoid": hard_sigmoid,
    "hard_swish": lambda x: x * hard_sigmoid(x),
}


def _of_elements(function: Callable[[Array], Array]) -> Operation:
    return lambda attrs, weights, x: function(x)


def dropout(attrs: Attrs, weights: NodeWeights, x: Array) -> Array:
    """The identity in evaluation mode; else x times `kept`, a factor per element or example."""
    return x * weights["kept"] if "kept" in weights else x


def max_pool(attrs: Attrs, weights: NodeWeights, x: Array) -> Array:
    """Largest element of each window; the padding is -inf, so it never wins."""
    y: Array = reduce(np.maximum, all_seen(attrs, x, -np.inf))
    return y


def avg_pool(attrs: Attrs, weights: NodeWeights, x: Array) -> Array:
    """Mean of each window, the zeros of the padding included."""
    y: Array = reduce(np.add, all_seen(attrs, x, 0.0)) / math.prod(attrs["kernel"])
    return y


def global_avg_pool(attrs: Attrs, weights: NodeWeights, x: Array) -> Array:
    """Mean over height and width, (N, H, W, C) -> (N, C)."""
    y: Array = x.mean(axis=(1, 2))
    return y


def adaptive_avg_pool(attrs: Attrs, weights: NodeWeights, x: Array) -> Array:
    """Mean of each cell of a grid, (N, H, W, C) -> (N, h, w, C): see `Builder`."""
    down, right = (cells(*pair) for pair in zip(x.shape[1:3], attrs["size"], strict=True))
    y = np.einsum("ih,nhwc,jw->nijc", down, x, right, optimize=True)
    rounded: Array = y.astype(x.dtype)
    return rounded


def cells(extent: int, count: int) -> Array:
    """The matrix (count, extent) that averages over `count` cells of one axis."""
    starts = [index * extent // count for index in range(count)]
    ends = [-(-(index + 1) * extent // count) for index in range(count)]
    matrix = np.zeros((count, extent))
    for row, start, end in zip(matrix, starts, ends, strict=True):
        row[start:end] = 1 / (end - start)
    return matrix


def local_response_norm(attrs: Attrs, weights: NodeWeights, x: Array) -> Array:
    """The quotient x / (k + alpha · Σ x²)^beta, over channels c - size//2 … c + (size-1)//2."""
    y: Array = x / lrn_base(attrs, x) ** attrs["beta"]
    return y


def lrn_base(attrs: Attrs, x: Array) -> Array:
    """The sum k + alpha · Σ x², over each channel's neighbours."""
    size = attrs["size"]
    pads = ((0, 0), (0, 0), (0, 0), (size // 2, (size - 1) // 2))
    neighbours = sliding_window_view(np.pad(x**2, pads), size, axis=3)
    base: Array = attrs["k"] + attrs["alpha"] * neighbours.sum(axis=-1)
    return base


def layer_scale(attrs: Attrs, weights: NodeWeights, x: Array) -> Array:
    """Each channel times its own number; the weight is (C, 1, 1)."""
    return x * weights[""][:, 0, 0]


def pad_channels(attrs: Attrs, weights: NodeWeights, x: Array) -> Array:
    """Channels of zeros on both sides."""
    return np.pad(x, ((0, 0), (0, 0), (0, 0), (attrs["before"], attrs["after"])))


def multiply(attrs: Attrs, weights: NodeWeights, x: Array, gates: Array) -> Array:
    """The product; gates of shape (N, 1, 1, C) hold for all positions."""
    return x * gates


def concat(attrs: Attrs, weights: NodeWeights, *parts: Array) -> Array:
    """One behind the other along the last axis."""
    y: Array = np.concatenate(parts, axis=-1)
    return y


def add(attrs: Attrs, weights: NodeWeights, x: Array, y: Array) -> Array:
    """The sum of two tensors of one shape."""
    return x + y


def flatten(attrs: Attrs, weights: NodeWeights, x: Array) -> Array:
    """Channel-major, (N, H, W, C) -> (N, C·H·W): all of channel 0 row by row, then channel 1."""
    y: Array = x.transpose(0, 3, 1, 2).reshape(len(x), -1)
    return y


def image_to_sequence(attrs: Attrs, weights: NodeWeights, x: Array) -> Array:
    """One token per position, row by row: (N, H, W, C) -> (N, H·W, C)."""
    return x.reshape(len(x), -1, x.shape[-1])


def class_token(attrs: Attrs, weights: NodeWeights, x: Array) -> Array:
    """The same token before every sequence, (N, T, D) -> (N, T+1, D)."""
    token = np.broadcast_to(weights[""], (len(x), 1, x.shape[-1]))
    return np.concatenate([token, x], axis=1)


def position_embedding(attrs: Attrs, weights: NodeWeights, x: Array) -> Array:
    """Add a tensor of shape (1, T, D) to every sequence (N, T, D)."""
    return x + weights[""]


def self_attention(attrs: Attrs, weights: NodeWeights, x: Array) -> Array:
    """softmax(Q Kᵀ / sqrt(d)) V in each head of width d, then a dense layer: (N, T, D)."""
    joined = attention_parts(attrs, weights, x).joined
    y: Array = joined @ weights["out_proj.weight"].T + weights["out_proj.bias"]
    return y


def select_token(attrs: Attrs, weights: NodeWeights, x: Array) -> Array:
    """One token of every sequence: (N, T, D) -> (N, D)."""
    token: Array = x[:, attrs["index"]]
    return token


#: op -> the function that defines it; `input` is the network's argument.
OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        **{op: _of_elements(function) for op, function in _ELEMENTWISE.items()},
        "stochastic_depth": dropout,
        **{
            function.__name__: function
            for function in (
                conv,
                dense,
                batch_norm,
                layer_norm,
                dropout,
                max_pool,
                avg_pool,
                global_avg_pool,
                adaptive_avg_pool,
                local_response_norm,
                layer_scale,
                pad_channels,
                add,
                multiply,
                concat,
                flatten,
                image_to_sequence,
                class_token,
                position_embedding,
                self_attention,
                select_token,
            )
        },
    }
)
