"""Networks of which only the outside is known: what a library wrote in its framework's terms."""

from __future__ import annotations

from collections.abc import Mapping

from benchsuite.graph.initializers import Unknown
from benchsuite.graph.node import Graph, Node, Shape, Weight


def opaque_graph(
    name: str,
    input_shape: Shape,
    classes: int,
    macs: int,
    weights: Mapping[str, tuple[Shape, bool]] | None = None,
) -> Graph:
    """An input (H, W, C), and one node that yields the logits and holds all weights.

    weights: shape, and whether it is trained, by the library's own name.
    """
    held = tuple(
        Weight(role, shape, Unknown(), trainable)
        for role, (shape, trainable) in (weights or {}).items()
    )
    images = Node("input", "input", (), {}, input_shape, (), 0)
    everything = Node("", "native", ("input",), {}, (classes,), held, macs)
    return Graph(name, (images, everything))
