"""Activations, and what training drops: functions of one element."""

import math
from collections.abc import Callable
from typing import Any

from benchsuite.graph.node import Node, Shape
from benchsuite.graph.ops import op
from benchsuite.graph.ops.arrays import Array, np
from benchsuite.graph.ops.op import Attrs, Backward, Gradients, NodeWeights, Op
from benchsuite.graph.recorder import Recorder


def _activation(
    name: str,
    function: Callable[[Array], Array],
    slope: Callable[[Array, Array], Any],
    *,
    spread: float = 1.0,
    shapes: tuple[tuple[str, Shape], ...] = (("of-positions", op.ODD),),
    tokens: bool = False,
) -> Op:
    """An op that is a function of each element; its slope is one of its input and its output.

    spread: of the examples' images, so that they reach every bend of the function.
    """
    examples = [op.Example(what, shape, op.use(name), spread=spread) for what, shape in shapes]
    if tokens:
        examples.append(op.of_tokens("of-tokens", op.use(name), spread=spread))
    return Op(
        name,
        lambda attrs, weights, x: function(x),
        lambda at: ((at.g * slope(at.x, at.y),), {}),
        examples,
    )


def _gelu(x: Array) -> Array:
    """The exact form of x Φ(x): x (1 + erf(x / sqrt 2)) / 2; never the tanh approximation."""
    from scipy.special import erf

    y: Array = x * (1 + erf(x / math.sqrt(2))) / 2
    return y


def _gelu_slope(x: Array, y: Array) -> Array:
    from scipy.special import erf

    density = np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
    slope: Array = (1 + erf(x / math.sqrt(2))) / 2 + x * density
    return slope


def _sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), written so that nothing overflows."""
    y: Array = (1 + np.tanh(x / 2)) / 2
    return y


def _silu_slope(x: Array, y: Array) -> Array:
    gate = _sigmoid(x)
    return gate * (1 + x * (1 - gate))


def _hard_sigmoid(x: Array) -> Array:
    y: Array = np.clip(x + 3, 0, 6) / 6
    return y


def _hard_sigmoid_slope(x: Array, y: Array) -> Array:
    slope: Array = (np.abs(x) < 3) / 6  # noqa: PLR2004 - the definition's number
    return slope


def _dropped(attrs: Attrs, weights: NodeWeights, x: Array) -> Array:
    """The identity in evaluation mode; else x times `kept`, a factor per element or example."""
    return x * weights["kept"] if "kept" in weights else x


def _by_kept(at: Backward) -> Gradients:
    """Through what was kept; unchanged where nothing was dropped."""
    return (at.g * at.weights["kept"] if "kept" in at.weights else at.g,), {}


# Of channels: squeeze-and-excitation applies these to gates, (1, 1, C).
_CHANNELS = (("of-positions", op.ODD), ("of-channels", (1, 1, 6)))

RELU = _activation("relu", lambda x: np.maximum(x, 0), lambda x, _: x > 0)
RELU6 = _activation(
    "relu6",
    lambda x: np.clip(x, 0, 6),
    lambda x, _: (x > 0) & (x < 6),  # noqa: PLR2004 - the definition's number
    spread=5.0,
)
TANH = _activation(
    "tanh",
    lambda x: np.tanh(x),  # noqa: PLW0108 - `np.tanh` by itself would import NumPy here
    lambda _, y: 1 - y**2,
)
GELU = _activation("gelu", _gelu, _gelu_slope, spread=2.0, tokens=True)
SIGMOID = _activation("sigmoid", _sigmoid, lambda _, y: y * (1 - y), spread=3.0, shapes=_CHANNELS)
SILU = _activation("silu", lambda x: x * _sigmoid(x), _silu_slope, spread=3.0, shapes=_CHANNELS)
HARD_SIGMOID = _activation(
    "hard_sigmoid", _hard_sigmoid, _hard_sigmoid_slope, spread=3.0, shapes=_CHANNELS
)
HARD_SWISH = _activation(
    "hard_swish",
    lambda x: x * _hard_sigmoid(x),
    lambda x, y: _hard_sigmoid(x) + x * _hard_sigmoid_slope(x, y),
    spread=3.0,
    shapes=_CHANNELS,
)
DROPOUT = Op(
    "dropout",
    _dropped,
    _by_kept,
    (
        op.Example("of-positions", op.ODD, op.use("dropout", 0.5)),
        op.of_vectors("of-vectors", op.use("dropout", 0.5)),
    ),
    view=True,
)
STOCHASTIC_DEPTH = Op(
    "stochastic_depth",
    _dropped,
    _by_kept,
    (op.Example("of-positions", op.ODD, op.use("stochastic_depth", 0.5)),),
    view=True,
)
OPS = (
    *(RELU, RELU6, TANH, GELU, SIGMOID, SILU, HARD_SIGMOID, HARD_SWISH),
    *(DROPOUT, STOCHASTIC_DEPTH),
)


class Activations(Recorder):
    """The builder's activations."""

    def relu(self, x: Node) -> Node:
        """max(x, 0)."""
        return self._add(RELU, None, (x,))

    def relu6(self, x: Node) -> Node:
        """min(max(x, 0), 6)."""
        return self._add(RELU6, None, (x,))

    def tanh(self, x: Node) -> Node:
        """The hyperbolic tangent."""
        return self._add(TANH, None, (x,))

    def gelu(self, x: Node) -> Node:
        """The exact x Φ(x), with the normal distribution's Φ (Hendrycks and Gimpel 2016)."""
        # Named, since defaults differ: JAX's `gelu` is the tanh form.
        return self._add(GELU, None, (x,), {"approximate": "none"})

    def sigmoid(self, x: Node) -> Node:
        """1 / (1 + exp(-x))."""
        return self._add(SIGMOID, None, (x,))

    def silu(self, x: Node) -> Node:
        """The product x · sigmoid(x) (Elfwing et al. 2017; also called swish)."""
        return self._add(SILU, None, (x,))

    def hard_sigmoid(self, x: Node) -> Node:
        """min(max(x + 3, 0), 6) / 6 (Howard et al. 2019, section 5.2)."""
        return self._add(HARD_SIGMOID, None, (x,))

    def hard_swish(self, x: Node) -> Node:
        """The product x · hard_sigmoid(x) (Howard et al. 2019, section 5.2)."""
        return self._add(HARD_SWISH, None, (x,))

    def dropout(self, x: Node, rate: float) -> Node:
        """In training, zero elements with probability `rate` and scale the rest by 1/(1-rate)."""
        return self._add(DROPOUT, None, (x,), {"rate": rate})

    def stochastic_depth(self, x: Node, rate: float) -> Node:
        """In training, zero whole examples with probability `rate` and scale the rest.

        Huang et al. 2016; the others are multiplied by 1/(1-rate).
        """
        return self._add(STOCHASTIC_DEPTH, None, (x,), {"rate": rate})
