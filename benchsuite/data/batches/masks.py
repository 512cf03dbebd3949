"""What dropouts keep, drawn by the core: the same for every backend."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchsuite.graph import Graph, Node

_DROPPING = frozenset({"dropout", "stochastic_depth"})


def draw_masks(
    graph: Graph, size: int, generator: np.random.Generator
) -> dict[str, NDArray[np.bool_]]:
    """By the dropout's name, for a batch of `size`: True where an input stays.

    (N, …) as its output, or (N,) of one that drops whole examples.
    """
    return {node.name: _draw(node, size, generator) for node in graph.nodes if node.op in _DROPPING}


def _draw(node: Node, size: int, generator: np.random.Generator) -> NDArray[np.bool_]:
    shape = (size, *node.shape) if node.op == "dropout" else (size,)
    rate: Any = node.attrs["rate"]
    kept: NDArray[np.bool_] = generator.random(shape, np.float32) >= rate
    return kept
