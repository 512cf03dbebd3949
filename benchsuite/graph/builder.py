"""The builder that an architecture is written against: it records, and computes nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

from benchsuite.errors import ShapeError
from benchsuite.graph import initializers
from benchsuite.graph.initializers import Fans, Initializer, Rule
from benchsuite.graph.node import Attribute, Graph, Node, Shape, Weight
from benchsuite.graph.ops import OPS

Size = int | tuple[int, int]


class Builder:
    """Records a graph, node by node.

    Every method takes and returns nodes; shapes are per example and channels last.
    `name` is that of the layer within its `scope`; layers without weights may leave it
    out. Together they give the canonical weight names (`layer1.0.conv1.weight`).

    Raises ShapeError where a layer cannot take its inputs.
    """

    def __init__(self) -> None:
        self._nodes: dict[str, Node] = {}
        self._scope: tuple[str, ...] = ()

    @contextmanager
    def scope(self, name: str) -> Iterator[None]:
        """Prefix the names of the layers inside with `name`: one block of the network."""
        outer = self._scope
        self._scope = (*outer, *name.split("."))
        try:
            yield
        finally:
            self._scope = outer

    def input(self, shape: Shape) -> Node:
        """The images, of shape (H, W, C)."""
        if len(shape) != 3 or min(shape) < 1:  # noqa: PLR2004 - height, width, channels
            raise ShapeError(f"an input has the shape (H, W, C), all at least 1; got {shape}")
        node = Node("input", "input", (), MappingProxyType({}), shape, (), 0)
        self._nodes[node.name] = node
        return node

    def conv(
        self,
        x: Node,
        filters: int,
        kernel: Size,
        *,
        name: str,
        stride: Size = 1,
        padding: Size = 0,
        groups: int = 1,
        bias: bool = True,
        init: Rule = initializers.fan_in_uniform,
        bias_init: Rule = initializers.fan_in_uniform,
    ) -> Node:
        """2-D cross-correlation, (H, W, C) -> (H', W', filters); zero padding on both sides."""
        attrs: dict[str, Attribute] = {
            "filters": filters,
            "kernel": _pair(kernel),
            "stride": _pair(stride),
            "padding": _pair(padding),
            "groups": groups,
            "bias": bias,
        }
        return self._add("conv", name, (x,), attrs, {"weight": init, "bias": bias_init})

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
        return self._add("dense", name, (x,), attrs, {"weight": init, "bias": bias_init})

    def batch_norm(
        self, x: Node, *, name: str, epsilon: float = 1e-5, momentum: float = 0.1
    ) -> Node:
        """Batch normalisation over the last axis (Ioffe and Szegedy 2015).

        `momentum` weighs the new statistic, as in PyTorch; the running variance is unbiased.
        """
        attrs = {"epsilon": epsilon, "momentum": momentum}
        return self._add("batch_norm", name, (x,), attrs, _NORM_RULES)

    def layer_norm(self, x: Node, *, name: str, epsilon: float) -> Node:
        """Layer normalisation over the last axis (Ba et al. 2016)."""
        return self._add("layer_norm", name, (x,), {"epsilon": epsilon}, _NORM_RULES)

    def relu(self, x: Node) -> Node:
        """max(x, 0)."""
        return self._add("relu", None, (x,))

    def relu6(self, x: Node) -> Node:
        """min(max(x, 0), 6)."""
        return self._add("relu6", None, (x,))

    def tanh(self, x: Node) -> Node:
        """The hyperbolic tangent."""
        return self._add("tanh", None, (x,))

    def gelu(self, x: Node) -> Node:
        """The exact x Φ(x), with the normal distribution's Φ (Hendrycks and Gimpel 2016)."""
        return self._add("gelu", None, (x,), {"approximate": "none"})

    def dropout(self, x: Node, rate: float) -> Node:
        """In training, zero elements with probability `rate` and scale the rest by 1/(1-rate)."""
        return self._add("dropout", None, (x,), {"rate": rate})

    def max_pool(
        self, x: Node, kernel: Size, *, stride: Size | None = None, padding: Size = 0
    ) -> Node:
        """Largest value of each window, (H, W, C) -> (H', W', C); pads with -inf."""
        return self._add("max_pool", None, (x,), _window(kernel, stride, padding))

    def avg_pool(self, x: Node, kernel: Size, *, stride: Size | None = None) -> Node:
        """Mean of each window, (H, W, C) -> (H', W', C)."""
        return self._add("avg_pool", None, (x,), _window(kernel, stride, 0))

    def global_avg_pool(self, x: Node) -> Node:
        """Mean over height and width, (H, W, C) -> (C,)."""
        return self._add("global_avg_pool", None, (x,))

    def add(self, x: Node, y: Node) -> Node:
        """The sum of two tensors of one shape."""
        return self._add("add", None, (x, y))

    def flatten(self, x: Node) -> Node:
        """All elements as a vector, channel-major: (H, W, C) -> (C·H·W,), as PyTorch does."""
        return self._add("flatten", None, (x,))

    def image_to_sequence(self, x: Node) -> Node:
        """One token per position, row by row: (H, W, C) -> (H·W, C)."""
        return self._add("image_to_sequence", None, (x,))

    def class_token(self, x: Node, *, name: str, init: Rule = initializers.zeros) -> Node:
        """Put a learned token first: (T, D) -> (T+1, D)."""
        return self._add("class_token", name, (x,), {}, {"": init})

    def position_embedding(self, x: Node, *, name: str, init: Rule) -> Node:
        """Add a learned tensor of the shape of x, (T, D)."""
        return self._add("position_embedding", name, (x,), {}, {"": init})

    def self_attention(self, x: Node, heads: int, *, name: str) -> Node:
        """Multi-head self-attention, (T, D) -> (T, D) (Vaswani et al. 2017, section 3.2.2).

        The projections of queries, keys and values are packed, as in PyTorch.
        """
        rules = {
            "in_proj_weight": initializers.xavier_uniform,
            "in_proj_bias": initializers.zeros,
            "out_proj.weight": initializers.fan_in_uniform,
            "out_proj.bias": initializers.zeros,
        }
        return self._add("self_attention", name, (x,), {"heads": heads}, rules)

    def select_token(self, x: Node, index: int) -> Node:
        """One token of a sequence: (T, D) -> (D,)."""
        return self._add("select_token", None, (x,), {"index": index})

    def graph(self, name: str) -> Graph:
        """What was recorded so far, as the network `name`."""
        return Graph(name, tuple(self._nodes.values()))

    def _add(
        self,
        op: str,
        name: str | None,
        inputs: tuple[Node, ...],
        attrs: Mapping[str, Attribute] = MappingProxyType({}),
        rules: Mapping[str, Rule] = MappingProxyType({}),
    ) -> Node:
        full_name = self._full_name(op, name)
        shapes = [node.shape for node in inputs]
        spec = OPS[op]
        try:
            if spec.rank not in (None, len(shapes[0])):
                raise ShapeError(  # noqa: TRY301 - the layer's name is added below, as to others
                    f"needs an input of {spec.rank} axes, got {shapes[0]}"
                )
            shape = spec.shape(attrs, shapes)
        except ShapeError as error:
            raise ShapeError(f"{op} '{full_name}': {error}") from None
        layout = spec.weights(attrs, shapes)
        fans = _fans(next(iter(layout.values()))[0]) if layout else Fans(1, 1)
        weights = tuple(
            Weight(role, extent, rules[role](fans), trainable)
            for role, (extent, trainable) in layout.items()
        )
        macs = spec.macs(attrs, shapes, shape)
        sources = tuple(node.name for node in inputs)
        node = Node(full_name, op, sources, MappingProxyType(dict(attrs)), shape, weights, macs)
        self._nodes[full_name] = node
        return node

    def _full_name(self, op: str, name: str | None) -> str:
        full_name = ".".join((*self._scope, name or op))
        if name is not None:
            if full_name in self._nodes:
                raise ShapeError(f"two layers are named '{full_name}': names must be unique")
            return full_name
        candidate, count = full_name, 1
        while candidate in self._nodes:
            count += 1
            candidate = f"{full_name}_{count}"
        return candidate


def _ones(fans: Fans) -> Initializer:  # noqa: ARG001 - a rule, whatever the fans
    return initializers.Constant(1.0)


_NORM_RULES: Mapping[str, Rule] = {
    "weight": _ones,
    "bias": initializers.zeros,
    "running_mean": initializers.zeros,
    "running_var": _ones,
}


def _pair(size: Size) -> tuple[int, int]:
    return size if isinstance(size, tuple) else (size, size)


def _window(kernel: Size, stride: Size | None, padding: Size) -> dict[str, Attribute]:
    step = kernel if stride is None else stride
    return {"kernel": _pair(kernel), "stride": _pair(step), "padding": _pair(padding)}


def _fans(shape: Shape) -> Fans:
    """PyTorch's `_calculate_fan_in_and_fan_out` for a weight of shape (out, in, *kernel)."""
    if len(shape) == 1:
        return Fans(shape[0], shape[0])
    taps = math.prod(shape[2:])
    return Fans(shape[1] * taps, shape[0] * taps)
