"""The reference's attention, in the parts that its forward and backward pass share.

Vaswani et al. 2017, section 3.2, with PyTorch's packing: the projection (3D, D) holds
queries, keys and values; head h has the columns h·d … h·d+d of each.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
Attrs = Mapping[str, Any]
#: role -> array, of one node
NodeWeights = Mapping[str, Array]


@dataclass(frozen=True, slots=True)
class AttentionParts:
    """Queries, keys and values, each (N, heads, T, d), and the attention (N, heads, T, T)."""

    queries: Array
    keys: Array
    values: Array
    attention: Array

    @property
    def joined(self) -> Array:
        """The weighted values, heads side by side: (N, T, D)."""
        return join_heads(self.attention @ self.values)


def split_heads(x: Array, heads: int) -> Array:
    """(N, T, D) -> (N, heads, T, D / heads)."""
    split: Array = x.reshape(*x.shape[:2], heads, -1).transpose(0, 2, 1, 3)
    return split


def join_heads(x: Array) -> Array:
    """(N, heads, T, d) -> (N, T, heads · d)."""
    n, heads, tokens, width = x.shape
    joined: Array = x.transpose(0, 2, 1, 3).reshape(n, tokens, heads * width)
    return joined


def attention_parts(attrs: Attrs, weights: NodeWeights, x: Array) -> AttentionParts:
    """Project (N, T, D) and weigh each token by each: softmax(Q Kᵀ / sqrt(d))."""
    packed = x @ weights["in_proj_weight"].T + weights["in_proj_bias"]
    queries, keys, values = (
        split_heads(part, attrs["heads"]) for part in np.split(packed, 3, axis=-1)
    )
    scores = queries @ keys.swapaxes(-1, -2) / math.sqrt(queries.shape[-1])
    return AttentionParts(queries, keys, values, _softmax(scores))


def _softmax(x: Array) -> Array:
    exponentials = np.exp(x - x.max(axis=-1, keepdims=True))
    y: Array = exponentials / exponentials.sum(axis=-1, keepdims=True)
    return y


def attention_gradients(
    attrs: Attrs, weights: NodeWeights, x: Array, g: Array
) -> tuple[Array, dict[str, Array]]:
    """By the input and by the weights, from the gradient `g` by the output, (N, T, D)."""
    width, parts = x.shape[-1], attention_parts(attrs, weights, x)
    by_mixed = split_heads(g @ weights["out_proj.weight"], attrs["heads"])
    by_attention = by_mixed @ parts.values.swapaxes(-1, -2)
    centred = by_attention - (by_attention * parts.attention).sum(axis=-1, keepdims=True)
    by_scores = parts.attention * centred / math.sqrt(parts.queries.shape[-1])
    by_parts = (
        by_scores @ parts.keys,
        by_scores.swapaxes(-1, -2) @ parts.queries,
        parts.attention.swapaxes(-1, -2) @ by_mixed,
    )
    packed = np.concatenate([join_heads(part) for part in by_parts], axis=-1)
    rows, packed_rows = g.reshape(-1, width), packed.reshape(-1, 3 * width)
    by_role = {
        "in_proj_weight": packed_rows.T @ x.reshape(-1, width),
        "in_proj_bias": packed_rows.sum(axis=0),
        "out_proj.weight": rows.T @ parts.joined.reshape(-1, width),
        "out_proj.bias": rows.sum(axis=0),
    }
    return packed @ weights["in_proj_weight"], by_role
