"""What a network is compared at: small inputs, odd and even, and no randomness."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import MappingProxyType

from benchsuite.errors import ShapeError
from benchsuite.graph import Architecture, Graph, Node, Shape

#: Enough to tell classes apart, few enough to be quick.
CLASSES = 7
#: Tried in this order; divisible by 16 where a transformer's patches need it.
_ODD, _EVEN = (65, 49, 33, 17), (64, 48, 32, 16)
#: MACs of one image: the reference takes some seconds for a step at more.
_LARGEST = 0.12e9
_LARGEST_SIZE_TRIED = 128


def without_randomness(graph: Graph) -> Graph:
    """The same network, in which nothing is ever dropped: random streams are nobody's to match."""
    return replace(graph, nodes=tuple(_kept(node) for node in graph.nodes))


def _kept(node: Node) -> Node:
    if "rate" not in node.attrs:
        return node
    return replace(node, attrs=MappingProxyType({**node.attrs, "rate": 0.0}))


def trained_network(architecture: Architecture) -> Graph:
    """The network that goes through everything: an odd size, where it can take one."""
    return _first_fit(architecture, architecture.input_shape[2], (_ODD, _EVEN))


def looked_at_network(architecture: Architecture) -> Graph:
    """Another size, even, and one channel where the first has three, or three where one."""
    channels = 1 if architecture.input_shape[2] == 3 else 3  # noqa: PLR2004 - colours
    return _first_fit(architecture, channels, (_EVEN, _ODD))


def _first_fit(architecture: Architecture, channels: int, groups: Sequence[Sequence[int]]) -> Graph:
    """At the largest affordable size of the first group that it can take any of.

    Not less than an eighth of its own: a 3×3 window on a single position says little.
    """
    own = max(architecture.input_shape[:2])
    for group in groups:
        for sizes in (group, range(group[-1], _LARGEST_SIZE_TRIED, 2)):
            fitting = [size for size in sizes if own // 8 <= size <= own + 1]
            graphs = list(_traced(architecture, channels, fitting))
            if graphs:
                affordable = (graph for graph in graphs if graph.macs <= _LARGEST)
                smallest = min(graphs, key=lambda graph: graph.macs)
                return without_randomness(next(affordable, smallest))
    raise ShapeError(f"{architecture.name} takes no square input of {channels} channels")


def _traced(architecture: Architecture, channels: int, sizes: Sequence[int]) -> Iterator[Graph]:
    for size in sizes:
        shape: Shape = (size, size, channels)
        try:
            yield architecture.trace(shape, CLASSES)
        except ShapeError:
            continue
