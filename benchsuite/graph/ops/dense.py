"""Linear maps of the last axis."""

import math

from benchsuite.graph import initializers
from benchsuite.graph.initializers import Rule
from benchsuite.graph.node import Node
from benchsuite.graph.ops import op
from benchsuite.graph.ops.arrays import Array
from benchsuite.graph.ops.op import Attrs, Backward, Gradients, NodeWeights, Op
from benchsuite.graph.recorder import Recorder


def _dense(attrs: Attrs, weights: NodeWeights, x: Array) -> Array:
    """The map x Wᵀ + b of the last axis, (N, …, F) -> (N, …, units); W is (units, F)."""
    y: Array = x @ weights["weight"].T
    return y + weights["bias"] if attrs["bias"] else y


def _derivative(at: Backward) -> Gradients:
    """By the input g W, by the matrix gᵀ x."""
    rows = at.g.reshape(-1, at.g.shape[-1])
    by_role = {"weight": rows.T @ at.x.reshape(-1, at.x.shape[-1])}
    if at.attrs["bias"]:
        by_role["bias"] = rows.sum(axis=0)
    return (at.g @ at.weights["weight"],), by_role


DENSE = Op(
    "dense",
    _dense,
    _derivative,
    (
        op.of_vectors("of-vectors", op.use("dense", 5, name="fc")),
        op.of_vectors("without-bias", op.use("dense", 5, bias=False, name="fc")),
        op.Example("of-positions", op.ODD, op.use("dense", 5, name="fc"), refusable=True),
        op.of_tokens("of-tokens", op.use("dense", 5, name="fc")),
    ),
    shape=lambda attrs, inputs: (*inputs[0][:-1], attrs["units"]),
    weights=lambda attrs, inputs: op.affine_weights(
        (attrs["units"], inputs[0][-1]), bias=attrs["bias"]
    ),
    macs=lambda attrs, inputs, output: math.prod(output) * inputs[0][-1],
)
OPS = (DENSE,)


class Dense(Recorder):
    """The builder's linear map."""

    def dense(
        self,
        x: Node,
        units: int,
        *,
        name: str,
        bias: bool = True,
        init: Rule = initializers.fan_in_uniform,
        bias_init: Rule = initializers.fan_in_uniform,
    ) -> Node:
        """A linear map of the last axis, (…, F) -> (…, units)."""
        attrs = {"units": units, "bias": bias}
        return self._add(DENSE, name, (x,), attrs, {"weight": init, "bias": bias_init})
