"""What dropouts keep, drawn outside of any framework."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchsuite.graph import Graph

_DROPPING = frozenset({"dropout", "stochastic_depth"})


def draw_masks(
    graph: Graph, size: int, generator: np.random.Generator
) -> dict[str, NDArray[np.bool_]]:
    """True where a dropout's input stays, by its name: (size, …), or (size,) of whole examples."""
    masks: dict[str, NDArray[np.bool_]] = {}
    for node in graph.nodes:
        if node.op in _DROPPING:
            rate: Any = node.attrs["rate"]
            shape = (size, *node.shape) if node.op == "dropout" else (size,)
            masks[node.name] = generator.random(shape, np.float32) >= rate
    return masks
