"""What rounding does to a network: how large a layer's error may be where nothing is wrong.

Two passes of the reference, one of them with a random error of rounding's size added to every
layer's output: how far they are apart says how the network passes such errors on.
"""

from collections.abc import Mapping
from pathlib import Path

import msgspec
import numpy as np

from benchsuite.contract.rounding import ROUNDING
from benchsuite.graph import Graph, Node
from benchsuite.graph.ops.arrays import Array
from benchsuite.reference.nondegenerate import random_images
from benchsuite.reference.oracle import OPERATIONS

#: A right implementation stays below so many times the error of one random pass.
_MARGIN = 3.0
_IMAGES = 3


def layer_bounds(graph: Graph, weights: Mapping[str, Array], precision: str) -> dict[str, float]:
    """Below float64, the largest error of each node's output, as a share of its largest element.

    weights: in float64. The nodes are in the graph's order, the logits last.
    """
    noise = np.random.default_rng(8)
    source, *nodes = graph.nodes
    images = random_images(graph, _IMAGES).astype(np.float64)
    exact: dict[str, Array] = {source.name: images}
    rounded = {source.name: _rounded(images, precision, 1, noise)}
    errors = {source.name: ROUNDING[precision]}
    for node in nodes:
        own = {weight.role: weights[node.weight_name(weight)] for weight in node.weights}
        exact[node.name], found = (
            OPERATIONS[node.op](node.attrs, own, *(values[name] for name in node.inputs))
            for values in (exact, rounded)
        )
        rounded[node.name] = _rounded(found, precision, _terms(node), noise)
        largest = float(np.abs(exact[node.name]).max()) or 1.0
        error = float(np.abs(rounded[node.name] - exact[node.name]).max()) / largest
        errors[node.name] = max(error, ROUNDING[precision])
    return {name: _MARGIN * error for name, error in errors.items()}


def _rounded(values: Array, precision: str, terms: int, noise: np.random.Generator) -> Array:
    """With an error as of a sum of so many products, which are added up in float32 at least.

    Roundings of single terms have random signs, so that they add up as their number's root does
    (Higham 2002, section 2.8).
    """
    size = 2 * ROUNDING[precision] + ROUNDING["fp32"] * np.sqrt(terms)
    largest = float(np.abs(values).max())
    perturbed: Array = values + size * largest * noise.uniform(-1, 1, values.shape)
    return perturbed


def _terms(node: Node) -> int:
    """How many products, at the most, one element of a node's output is the sum of."""
    return max((int(np.prod(w.shape[1:])) for w in node.weights), default=1)


def write_bounds(
    graph: Graph, weights: Mapping[str, Array], precisions: tuple[str, ...], folder: Path
) -> None:
    """Keep the bounds of a network in each of these precisions."""
    found = {precision: layer_bounds(graph, weights, precision) for precision in precisions}
    (folder / "bounds.json").write_bytes(msgspec.json.encode(found))


def read_bounds(folder: Path, precision: str) -> dict[str, float]:
    """What `write_bounds` has kept for one precision."""
    content = (folder / "bounds.json").read_bytes()
    return msgspec.json.decode(content, type=dict[str, dict[str, float]])[precision]
