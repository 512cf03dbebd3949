"""Sequences of tokens, (T, D)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from benchsuite.errors import ShapeError
from benchsuite.graph import initializers
from benchsuite.graph.initializers import Rule
from benchsuite.graph.node import Node, Shape
from benchsuite.graph.ops import op
from benchsuite.graph.ops.arrays import Array, np
from benchsuite.graph.ops.op import Attrs, Backward, Gradients, NodeWeights, Op
from benchsuite.graph.recorder import Recorder

if TYPE_CHECKING:
    from benchsuite.graph.builder import Builder


def _sequence_shape(attrs: Attrs, inputs: op.Shapes) -> Shape:
    height, width, channels = inputs[0]
    return (height * width, channels)


def _image_to_sequence(attrs: Attrs, weights: NodeWeights, x: Array) -> Array:
    """One token per position, row by row: (N, H, W, C) -> (N, H·W, C)."""
    return x.reshape(len(x), -1, x.shape[-1])


def _reshaped(at: Backward) -> Gradients:
    """The same elements in another shape."""
    return (at.g.reshape(at.x.shape),), {}


def _one_token(shape: Shape) -> Iterator[op.Example]:
    for index in (0, 4, 14):

        def body(net: Builder, x: Node, index: int = index) -> Node:
            return net.select_token(net.image_to_sequence(x), index)

        yield op.Example(f"token{index}", shape, body)


def _class_token_shape(attrs: Attrs, inputs: op.Shapes) -> Shape:
    tokens, width = inputs[0]
    return (tokens + 1, width)


def _class_token(attrs: Attrs, weights: NodeWeights, x: Array) -> Array:
    """The same token before every sequence, (N, T, D) -> (N, T+1, D)."""
    token = np.broadcast_to(weights[""], (len(x), 1, x.shape[-1]))
    return np.concatenate([token, x], axis=1)


def _class_token_derivative(at: Backward) -> Gradients:
    """The first token's gradient is the weight's."""
    return (at.g[:, 1:],), {"": at.g[:, :1].sum(axis=0, keepdims=True)}


def _class_token_examples() -> Iterator[op.Example]:
    yield op.of_tokens("put", lambda net, x: net.class_token(x, name="token"))


def _position_embedding(attrs: Attrs, weights: NodeWeights, x: Array) -> Array:
    """Add a tensor of shape (1, T, D) to every sequence (N, T, D)."""
    return x + weights[""]


def _position_embedding_derivative(at: Backward) -> Gradients:
    """The same to both; the weight's is summed over the batch."""
    return (at.g,), {"": at.g.sum(axis=0, keepdims=True)}


def _position_embedding_examples() -> Iterator[op.Example]:

    def body(net: Builder, x: Node) -> Node:
        return net.position_embedding(x, name="positions", init=initializers.zeros)

    yield op.of_tokens("added", body)


def _select_token_shape(attrs: Attrs, inputs: op.Shapes) -> Shape:
    tokens, width = inputs[0]
    if not 0 <= attrs["index"] < tokens:
        raise ShapeError(f"index={attrs['index']} must be one of the {tokens} tokens, from 0 on")
    return (width,)


def _select_token(attrs: Attrs, weights: NodeWeights, x: Array) -> Array:
    """One token of every sequence: (N, T, D) -> (N, D)."""
    token: Array = x[:, attrs["index"]]
    return token


def _select_token_derivative(at: Backward) -> Gradients:
    """Nothing to the other tokens."""
    by_x = np.zeros_like(at.x)
    by_x[:, at.attrs["index"]] = at.g
    return (by_x,), {}


IMAGE_TO_SEQUENCE = Op(
    "image_to_sequence",
    _image_to_sequence,
    _reshaped,
    lambda: _one_token((3, 5, 4)),
    shape=_sequence_shape,
    rank=3,
    view=True,
)
CLASS_TOKEN = Op(
    "class_token",
    _class_token,
    _class_token_derivative,
    _class_token_examples,
    shape=_class_token_shape,
    weights=lambda attrs, inputs: {"": ((1, 1, inputs[0][1]), True)},
    rank=2,
)
POSITION_EMBEDDING = Op(
    "position_embedding",
    _position_embedding,
    _position_embedding_derivative,
    _position_embedding_examples,
    weights=lambda attrs, inputs: {"": ((1, *inputs[0]), True)},
    rank=2,
)
SELECT_TOKEN = Op(
    "select_token",
    _select_token,
    _select_token_derivative,
    lambda: _one_token((5, 3, 4)),
    shape=_select_token_shape,
    rank=2,
    view=True,
)
OPS = (IMAGE_TO_SEQUENCE, CLASS_TOKEN, POSITION_EMBEDDING, SELECT_TOKEN)


class Tokens(Recorder):
    """The builder's sequences."""

    def image_to_sequence(self, x: Node) -> Node:
        """One token per position, row by row: (H, W, C) -> (H·W, C)."""
        return self._add(IMAGE_TO_SEQUENCE, None, (x,))

    def class_token(self, x: Node, *, name: str, init: Rule = initializers.zeros) -> Node:
        """Put a learned token first: (T, D) -> (T+1, D)."""
        return self._add(CLASS_TOKEN, name, (x,), {}, {"": init})

    def position_embedding(self, x: Node, *, name: str, init: Rule) -> Node:
        """Add a learned tensor of the shape of x, (T, D)."""
        return self._add(POSITION_EMBEDDING, name, (x,), {}, {"": init})

    def select_token(self, x: Node, index: int) -> Node:
        """One token of a sequence: (T, D) -> (D,)."""
        return self._add(SELECT_TOKEN, None, (x,), {"index": index})
