"""What records a graph, node by node: names, shapes, weights and MACs by the ops' rules."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import chain, count
from types import MappingProxyType
from typing import TYPE_CHECKING

from benchsuite.errors import ShapeError
from benchsuite.graph.initializers import Fans, Rule
from benchsuite.graph.node import Attribute, Graph, Node, Shape, Weight

if TYPE_CHECKING:
    from benchsuite.graph.ops.op import Op


class Recorder:
    """Holds the nodes recorded so far, and the scope that the next one belongs to."""

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

    def graph(self, name: str) -> Graph:
        """What was recorded so far, as the network `name`."""
        return Graph(name, tuple(self._nodes.values()))

    def _add(
        self,
        op: Op,
        name: str | None,
        inputs: tuple[Node, ...],
        attrs: Mapping[str, Attribute] = MappingProxyType({}),
        rules: Mapping[str, Rule] = MappingProxyType({}),
    ) -> Node:
        full_name = self._full_name(op.name, name)
        shapes = [node.shape for node in inputs]
        try:
            if op.rank not in (None, len(shapes[0])):
                raise ShapeError(  # noqa: TRY301 - the layer's name is added below, as to others
                    f"needs an input of {op.rank} axes, got {shapes[0]}"
                )
            shape = op.shape(attrs, shapes)
        except ShapeError as error:
            raise ShapeError(f"{op.name} '{full_name}': {error}") from None
        layout = op.weights(attrs, shapes)
        # All by the first weight, as PyTorch takes a bias's bound from its weight's fan-in.
        fans = _fans(next(iter(layout.values()))[0]) if layout else Fans(1, 1)
        weights = tuple(
            Weight(role, extent, rules[role](fans), trainable)
            for role, (extent, trainable) in layout.items()
        )
        macs = op.macs(attrs, shapes, shape)
        sources = tuple(node.name for node in inputs)
        # A copy behind a proxy: one graph goes to every backend, and none may change it.
        node = Node(
            full_name, op.name, sources, MappingProxyType(dict(attrs)), shape, weights, macs
        )
        self._nodes[full_name] = node
        return node

    def _full_name(self, op: str, name: str | None) -> str:
        full_name = ".".join((*self._scope, name or op))
        if name is not None:
            if full_name in self._nodes:
                raise ShapeError(f"two layers are named '{full_name}': names must be unique")
            return full_name
        candidates = chain([full_name], (f"{full_name}_{number}" for number in count(2)))
        return next(candidate for candidate in candidates if candidate not in self._nodes)


def _fans(shape: Shape) -> Fans:
    """PyTorch's `_calculate_fan_in_and_fan_out` for a weight of shape (out, in, *kernel)."""
    if len(shape) == 1:
        return Fans(shape[0], shape[0])
    taps = math.prod(shape[2:])
    return Fans(shape[1] * taps, shape[0] * taps)
