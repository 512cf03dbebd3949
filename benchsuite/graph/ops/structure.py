"""What joins, orders and reshapes tensors."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from benchsuite.errors import ShapeError
from benchsuite.graph.node import Node, Shape
from benchsuite.graph.ops import op
from benchsuite.graph.ops.arrays import Array, np
from benchsuite.graph.ops.op import Attrs, Backward, Gradients, NodeWeights, Op
from benchsuite.graph.recorder import Recorder

if TYPE_CHECKING:
    from benchsuite.graph.builder import Builder


def _add_shape(attrs: Attrs, inputs: op.Shapes) -> Shape:
    if inputs[0] != inputs[1]:
        raise ShapeError(f"cannot add {inputs[0]} and {inputs[1]}: the shapes must be equal")
    return inputs[0]


def _multiply_shape(attrs: Attrs, inputs: op.Shapes) -> Shape:
    x, gates = inputs
    if gates not in (x, (1, 1, x[-1])):
        raise ShapeError(
            f"cannot multiply {x} by {gates}: the second must have the shape of the first, or "
            "one value per channel, (1, 1, C)"
        )
    return x


def _multiply_derivative(at: Backward) -> Gradients:
    """Each times the other; a gate that held for all positions collects from all."""
    x, gates = at.inputs
    by_gates = at.g * x
    if gates.shape != x.shape:
        by_gates = by_gates.sum(axis=(1, 2), keepdims=True)
    return (at.g * gates, by_gates), {}


def _concat_shape(attrs: Attrs, inputs: op.Shapes) -> Shape:
    if len({shape[:-1] for shape in inputs}) != 1:
        raise ShapeError(
            f"cannot concatenate {', '.join(map(str, inputs))}: all but the last axis must agree"
        )
    return (*inputs[0][:-1], sum(shape[-1] for shape in inputs))


def _concat_derivative(at: Backward) -> Gradients:
    """Each part its own."""
    ends = np.cumsum([part.shape[-1] for part in at.inputs])[:-1]
    return tuple(np.split(at.g, ends, axis=-1)), {}


def _pad_channels_derivative(at: Backward) -> Gradients:
    """Without the zeros' share."""
    before = at.attrs["before"]
    return (at.g[..., before : before + at.x.shape[-1]],), {}


def _flatten(attrs: Attrs, weights: NodeWeights, x: Array) -> Array:
    """Channel-major, (N, H, W, C) -> (N, C·H·W): all of channel 0 row by row, then channel 1."""
    y: Array = x.transpose(0, 3, 1, 2).reshape(len(x), -1)
    return y


def _flatten_derivative(at: Backward) -> Gradients:
    """Back from channel-major order."""
    n, height, width, channels = at.x.shape
    return (at.g.reshape(n, channels, height, width).transpose(0, 2, 3, 1),), {}


def _weighed_channels(net: Builder, x: Node) -> Node:
    gates = net.conv(net.adaptive_avg_pool(x, 1), 3, 1, name="fc1")
    return net.multiply(x, net.sigmoid(gates))


INPUT = Op(
    "input",
    lambda attrs, weights, x: x,
    lambda at: ((at.g,), {}),
    (op.Example("alone", op.EVEN, lambda _, x: x),),
)
ADD = Op(
    "add",
    lambda attrs, weights, x, y: x + y,
    lambda at: ((at.g, at.g), {}),
    (
        op.Example("of-positions", op.ODD, lambda net, x: net.add(x, net.relu(x))),
        op.Example("to-itself", op.ODD, lambda net, x: net.add(x, x)),
        op.of_tokens("of-tokens", lambda net, x: net.add(net.relu(x), x)),
    ),
    shape=_add_shape,
)
MULTIPLY = Op(
    "multiply",
    # Gates of shape (N, 1, 1, C) hold for all positions.
    lambda attrs, weights, x, gates: x * gates,
    _multiply_derivative,
    (
        op.Example("of-positions", op.ODD, lambda net, x: net.multiply(x, net.tanh(x))),
        op.Example("by-channel", op.ODD, _weighed_channels),
    ),
    shape=_multiply_shape,
)
CONCAT = Op(
    "concat",
    lambda attrs, weights, *parts: np.concatenate(parts, axis=-1),
    _concat_derivative,
    (
        op.Example("of-positions", op.ODD, lambda net, x: net.concat(x, net.relu(x), net.tanh(x))),
        op.of_vectors("of-vectors", lambda net, x: net.concat(x, net.dense(x, 3, name="fc"))),
        op.of_tokens("of-tokens", lambda net, x: net.concat(x, net.tanh(x))),
    ),
    shape=_concat_shape,
)
PAD_CHANNELS = Op(
    "pad_channels",
    lambda attrs, weights, x: np.pad(
        x, ((0, 0), (0, 0), (0, 0), (attrs["before"], attrs["after"]))
    ),
    _pad_channels_derivative,
    [
        op.Example(f"{before}-{after}", op.ODD, op.use("pad_channels", before, after))
        for before, after in ((0, 2), (1, 2), (2, 0))
    ],
    shape=lambda attrs, inputs: (*inputs[0][:-1], inputs[0][-1] + attrs["before"] + attrs["after"]),
    rank=3,
)
FLATTEN = Op(
    "flatten",
    _flatten,
    _flatten_derivative,
    [
        op.Example(what, shape, op.use("flatten"))
        for what, shape in (
            ("channel-major", op.ODD),
            ("one-channel", op.GREY),
            ("one-position", (1, 1, 3)),
        )
    ],
    shape=lambda attrs, inputs: (math.prod(inputs[0]),),
    rank=3,
    view=True,
)
OPS = (INPUT, ADD, MULTIPLY, CONCAT, PAD_CHANNELS, FLATTEN)


class Structure(Recorder):
    """The builder's joins."""

    def pad_channels(self, x: Node, before: int, after: int) -> Node:
        """Put channels of zeros on both sides, (H, W, C) -> (H, W, before + C + after)."""
        return self._add(PAD_CHANNELS, None, (x,), {"before": before, "after": after})

    def multiply(self, x: Node, gates: Node) -> Node:
        """The product of two tensors of one shape, or (H, W, C) by one gate per channel."""
        return self._add(MULTIPLY, None, (x, gates))

    def concat(self, *parts: Node) -> Node:
        """Put tensors behind each other along their last axis."""
        return self._add(CONCAT, None, parts)

    def add(self, x: Node, y: Node) -> Node:
        """The sum of two tensors of one shape."""
        return self._add(ADD, None, (x, y))

    def flatten(self, x: Node) -> Node:
        """All elements as a vector, channel-major: (H, W, C) -> (C·H·W,), as PyTorch does."""
        return self._add(FLATTEN, None, (x,))
