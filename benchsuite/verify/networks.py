"""What a network is compared at: small inputs, odd and even, and no randomness."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType

from benchsuite.errors import ShapeError
from benchsuite.graph import Architecture, Graph, Node, Shape

#: Enough to tell classes apart, few enough to be quick.
CLASSES = 7
#: Tried in this order; divisible by 16 where a transformer's patches need it.
_ODD, _EVEN = (65, 49, 33), (64, 48, 32)
#: MACs of one image: the reference takes some seconds for a step at more.
_LARGEST = 0.12e9
_LARGEST_SIZE_TRIED = 512


def without_randomness(graph: Graph) -> Graph:
    """The same network, in which nothing is ever dropped: random streams are nobody's to match."""
    return replace(graph, nodes=tuple(_kept(node) for node in graph.nodes))


def _kept(node: Node) -> Node:
    if "rate" not in node.attrs:
        return node
    return replace(node, attrs=MappingProxyType({**node.attrs, "rate": 0.0}))


def trained_network(architecture: Architecture) -> Graph:
    """The network that goes through everything: an odd size, where it can take one."""
    return _first_fit(architecture, architecture.input_shape[2], (*_ODD, *_EVEN))


def looked_at_network(architecture: Architecture) -> Graph:
    """Another size, even, and one channel where the first has three, or three where one."""
    channels = 1 if architecture.input_shape[2] == 3 else 3  # noqa: PLR2004 - colours
    return _first_fit(architecture, channels, (*_EVEN[1:], _EVEN[0]))


def _first_fit(architecture: Architecture, channels: int, sizes: tuple[int, ...]) -> Graph:
    own = max(architecture.input_shape[:2])
    graphs = list(_traced(architecture, channels, [size for size in sizes if size <= own + 1]))
    affordable = (graph for graph in graphs if graph.macs <= _LARGEST)
    chosen = next(affordable, None) or min(graphs, key=lambda graph: graph.macs, default=None)
    if chosen is None:
        chosen = next(_traced(architecture, channels, range(1, _LARGEST_SIZE_TRIED, 2)))
    return without_randomness(chosen)


def _traced(architecture: Architecture, channels: int, sizes: list[int] | range) -> Iterator[Graph]:
    for size in sizes:
        shape: Shape = (size, size, channels)
        try:
            yield architecture.trace(shape, CLASSES)
        except ShapeError:
            continue
