"""Sequences of tokens, (T, D)."""

import math

from benchsuite.errors import ShapeError
from benchsuite.graph import initializers
from benchsuite.graph.initializers import Rule
from benchsuite.graph.node import Node, Shape
from benchsuite.graph.ops import op
from benchsuite.graph.ops.arrays import Array, np
from benchsuite.graph.ops.op import Attrs, Backward, Gradients, NodeWeights, Op
from benchsuite.graph.recorder import Recorder


def _one_token(shape: Shape) -> list[op.Example]:
    # The first, one between, and the last of fifteen.
    select = [(index, op.use("select_token", index)) for index in (0, 4, 14)]
    return [op.Example(f"token{index}", shape, _of_sequence(body)) for index, body in select]


def _of_sequence(body: op.Body) -> op.Body:
    return lambda net, x: body(net, net.image_to_sequence(x))


def _class_token(attrs: Attrs, weights: NodeWeights, x: Array) -> Array:
    """The same token before every sequence, (N, T, D) -> (N, T+1, D)."""
    token = np.broadcast_to(weights[""], (len(x), 1, x.shape[-1]))
    return np.concatenate([token, x], axis=1)


def _select_token_shape(attrs: Attrs, inputs: op.Shapes) -> Shape:
    tokens, width = inputs[0]
    if not 0 <= attrs["index"] < tokens:
        raise ShapeError(f"index={attrs['index']} must be one of the {tokens} tokens, from 0 on")
    return (width,)


def _select_token_derivative(at: Backward) -> Gradients:
    """Nothing to the other tokens."""
    by_x = np.zeros_like(at.x)
    by_x[:, at.attrs["index"]] = at.g
    return (by_x,), {}


IMAGE_TO_SEQUENCE = Op(
    "image_to_sequence",
    lambda attrs, weights, x: x.reshape(len(x), -1, x.shape[-1]),
    lambda at: ((at.g.reshape(at.x.shape),), {}),
    _one_token((3, 5, 4)),
    shape=lambda attrs, inputs: (math.prod(inputs[0][:2]), inputs[0][2]),
    rank=3,
    view=True,
)
CLASS_TOKEN = Op(
    "class_token",
    _class_token,
    # The first token's gradient is the weight's.
    lambda at: ((at.g[:, 1:],), {"": at.g[:, :1].sum(axis=0, keepdims=True)}),
    (op.of_tokens("put", op.use("class_token", name="token")),),
    shape=lambda attrs, inputs: (inputs[0][0] + 1, inputs[0][1]),
    weights=lambda attrs, inputs: {"": ((1, 1, inputs[0][1]), True)},
    rank=2,
)
POSITION_EMBEDDING = Op(
    "position_embedding",
    lambda attrs, weights, x: x + weights[""],
    lambda at: ((at.g,), {"": at.g.sum(axis=0, keepdims=True)}),
    (
        op.of_tokens(
            "added", op.use("position_embedding", name="positions", init=initializers.zeros)
        ),
    ),
    weights=lambda attrs, inputs: {"": ((1, *inputs[0]), True)},
    rank=2,
)
SELECT_TOKEN = Op(
    "select_token",
    lambda attrs, weights, x: x[:, attrs["index"]],
    _select_token_derivative,
    _one_token((5, 3, 4)),
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
