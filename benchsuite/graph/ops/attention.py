"""Multi-head self-attention.

Vaswani et al. 2017, section 3.2, with PyTorch's packing: the projection (3D, D) holds
queries, keys and values; head h has the columns h·d … h·d+d of each.
"""

import math
from dataclasses import dataclass

from benchsuite.errors import ShapeError
from benchsuite.graph import initializers
from benchsuite.graph.node import Node, Shape
from benchsuite.graph.ops import op
from benchsuite.graph.ops.arrays import Array, np
from benchsuite.graph.ops.op import Attrs, Backward, Gradients, NodeWeights, Op
from benchsuite.graph.recorder import Recorder


def _shape(attrs: Attrs, inputs: op.Shapes) -> Shape:
    if inputs[0][1] % attrs["heads"]:
        raise ShapeError(f"heads={attrs['heads']} must divide the width {inputs[0][1]}")
    return inputs[0]


def _weights(attrs: Attrs, inputs: op.Shapes) -> op.Layout:
    width = inputs[0][1]
    # The recorder takes all fans from the first: the fan-in of both matrices is the width.
    return {
        "in_proj_weight": ((3 * width, width), True),
        "in_proj_bias": ((3 * width,), True),
        "out_proj.weight": ((width, width), True),
        "out_proj.bias": ((width,), True),
    }


def _macs(attrs: Attrs, inputs: op.Shapes, output: Shape) -> int:
    tokens, width = inputs[0]
    projections = 4 * tokens * width * width
    scores_and_values = 2 * tokens * tokens * width
    return projections + scores_and_values


def _input_macs(node: Node) -> int:
    """The input itself is a factor of the first projection alone."""
    (projection,) = (weight for weight in node.weights if weight.role == "in_proj_weight")
    return node.shape[0] * projection.size


def _self_attention(attrs: Attrs, weights: NodeWeights, x: Array) -> Array:
    """softmax(Q Kᵀ / sqrt(d)) V in each head of width d, then a dense layer: (N, T, D)."""
    joined = _parts(attrs, weights, x).joined
    y: Array = joined @ weights["out_proj.weight"].T + weights["out_proj.bias"]
    return y


@dataclass(frozen=True, slots=True)
class _Parts:
    """Queries, keys and values, each (N, heads, T, d), and the attention (N, heads, T, T)."""

    queries: Array
    keys: Array
    values: Array
    attention: Array

    @property
    def joined(self) -> Array:
        """The weighted values, heads side by side: (N, T, D)."""
        return _join_heads(self.attention @ self.values)


def _split_heads(x: Array, heads: int) -> Array:
    """(N, T, D) -> (N, heads, T, D / heads)."""
    split: Array = x.reshape(*x.shape[:2], heads, -1).transpose(0, 2, 1, 3)
    return split


def _join_heads(x: Array) -> Array:
    """(N, heads, T, d) -> (N, T, heads · d)."""
    n, heads, tokens, width = x.shape
    joined: Array = x.transpose(0, 2, 1, 3).reshape(n, tokens, heads * width)
    return joined


def _parts(attrs: Attrs, weights: NodeWeights, x: Array) -> _Parts:
    """Project (N, T, D) and weigh each token by each: softmax(Q Kᵀ / sqrt(d))."""
    packed = x @ weights["in_proj_weight"].T + weights["in_proj_bias"]
    queries, keys, values = (
        _split_heads(part, attrs["heads"]) for part in np.split(packed, 3, axis=-1)
    )
    scores = queries @ keys.swapaxes(-1, -2) / math.sqrt(queries.shape[-1])
    return _Parts(queries, keys, values, _softmax(scores))


def _softmax(x: Array) -> Array:
    # Less the largest, which changes no quotient: `exp` cannot overflow.
    exponentials = np.exp(x - x.max(axis=-1, keepdims=True))
    y: Array = exponentials / exponentials.sum(axis=-1, keepdims=True)
    return y


def _attention_derivative(at: Backward) -> Gradients:
    """By the input and by the weights, from the gradient `g` by the output, (N, T, D)."""
    attrs, weights, x, g = at.attrs, at.weights, at.x, at.g
    width, parts = x.shape[-1], _parts(attrs, weights, x)
    by_mixed = _split_heads(g @ weights["out_proj.weight"], attrs["heads"])
    by_attention = by_mixed @ parts.values.swapaxes(-1, -2)
    centred = by_attention - (by_attention * parts.attention).sum(axis=-1, keepdims=True)
    by_scores = parts.attention * centred / math.sqrt(parts.queries.shape[-1])
    by_parts = (
        by_scores @ parts.keys,
        by_scores.swapaxes(-1, -2) @ parts.queries,
        parts.attention.swapaxes(-1, -2) @ by_mixed,
    )
    packed = np.concatenate([_join_heads(part) for part in by_parts], axis=-1)
    rows, packed_rows = g.reshape(-1, width), packed.reshape(-1, 3 * width)
    by_role = {
        "in_proj_weight": packed_rows.T @ x.reshape(-1, width),
        "in_proj_bias": packed_rows.sum(axis=0),
        "out_proj.weight": rows.T @ parts.joined.reshape(-1, width),
        "out_proj.bias": rows.sum(axis=0),
    }
    return (packed @ weights["in_proj_weight"],), by_role


SELF_ATTENTION = Op(
    "self_attention",
    _self_attention,
    _attention_derivative,
    [
        op.of_tokens(f"{heads}-heads", op.use("self_attention", heads, name="attention"))
        for heads in (1, 2, 4)
    ],
    shape=_shape,
    weights=_weights,
    macs=_macs,
    input_macs=_input_macs,
    rank=2,
)
OPS = (SELF_ATTENTION,)


class Attention(Recorder):
    """The builder's attention."""

    def self_attention(self, x: Node, heads: int, *, name: str) -> Node:
        """Multi-head, (T, D) -> (T, D), packed as PyTorch's (Vaswani et al. 2017, 3.2.2)."""
        # As `nn.MultiheadAttention` starts: Xavier's fans are of the packed matrix, (3D, D).
        rules = {
            "in_proj_weight": initializers.xavier_uniform,
            "in_proj_bias": initializers.zeros,
            "out_proj.weight": initializers.fan_in_uniform,
            "out_proj.bias": initializers.zeros,
        }
        return self._add(SELF_ATTENTION, name, (x,), {"heads": heads}, rules)
