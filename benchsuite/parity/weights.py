"""The weights that networks are compared with: random, and with statistics that fit them.

With running statistics that know nothing of the activations, evaluation mode does not
normalise: residual networks then double their activations in every block, and after thirty
blocks a bias is lost among them.
"""

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchsuite.graph import Graph, Weight
from benchsuite.graph.ops.arrays import Array
from benchsuite.graph.weights import Weights
from benchsuite.reference.nondegenerate import random_images, random_weight
from benchsuite.reference.oracle import OPERATIONS

#: Images that the statistics are of.
_IMAGES = 8
#: No channel's variance is taken for less than this share of the largest.
_LEAST_VARIANCE = 1e-3


def write_statistics(graph: Graph, folder: Path) -> None:
    """Find running statistics near those of the network's activations, and keep them.

    The mean is off by a tenth to a half of a standard deviation, the variance by a factor from
    0.5 to 1.5: as `random_weights` draws both.
    """
    weights = _random_weights(graph)
    source, *nodes = graph.nodes
    values: dict[str, Array] = {source.name: random_images(graph, _IMAGES).astype(np.float64)}
    found: dict[str, Array] = {}
    for node in nodes:
        own = {weight.role: weights[node.weight_name(weight)] for weight in node.weights}
        x = values[node.inputs[0]]
        if node.op == "batch_norm":
            axes = tuple(range(x.ndim - 1))
            variance = x.var(axis=axes)
            variance = np.maximum(variance, _LEAST_VARIANCE * variance.max())
            own["running_mean"] = x.mean(axis=axes) + own["running_mean"] * np.sqrt(variance)
            own["running_var"] = variance * own["running_var"]
            # float32, as the drawn weights: fp32 and fp64 start from the same numbers.
            for role in ("running_mean", "running_var"):
                own[role] = found[f"{node.name}.{role}"] = own[role].astype(np.float32)
        inputs = [values[name] for name in node.inputs]
        values[node.name] = OPERATIONS[node.op](node.attrs, own, *inputs)
    np.savez(_path(graph, folder), **found)  # type: ignore[arg-type] # a flag is no weight


def read_weights(graph: Graph, folder: Path) -> Weights:
    """Random weights with the statistics that `write_statistics` has found."""
    with np.load(_path(graph, folder), allow_pickle=False) as statistics:
        return {**_random_weights(graph), **statistics}


def forget_weights() -> None:
    """Let go of what was drawn; a subject's two networks, and its precisions, share most of it."""
    _drawn.cache_clear()


@cache
def _drawn(name: str, weight: Weight) -> NDArray[np.floating]:
    return random_weight(name, weight)


def _random_weights(graph: Graph) -> dict[str, NDArray[np.floating]]:
    return {name: _drawn(name, weight) for name, weight in graph.weights.items()}


def _path(graph: Graph, folder: Path) -> Path:
    return folder / f"{graph.fingerprint}.npz"
