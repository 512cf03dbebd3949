"""The guard: a weight that could be anything proves nothing.

A residual branch whose last scale is zero, or a transformer whose head is zero, makes unequal
networks look equal. So every weight tensor is perturbed, to first order: the reference's
gradient in evaluation mode says by how much the logits then move, for all tensors in one pass.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from benchsuite.graph import Graph, Node
from benchsuite.graph.ops.arrays import Array
from benchsuite.graph.ops.normalization import batch_norm_in_evaluation
from benchsuite.reference.nondegenerate import random_images
from benchsuite.reference.oracle import DERIVATIVES, OPERATIONS, Pass, backpropagate

#: A perturbation, and the least that it must move the logits, both as shares of the largest:
#: ten times the tolerance of layer outputs.
_PERTURBATION = 1e-3
_LEAST_EFFECT = 1e-9
_DERIVATIVES = {**DERIVATIVES, "batch_norm": batch_norm_in_evaluation}
#: Parts of attention's packed weights, each perturbed by itself.
_PACKED = ("queries", "keys", "values")


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """Weights without effect: those that should have one, and those that cannot have any."""

    degenerate: tuple[str, ...]
    cancelled: tuple[str, ...]


def sensitivity(graph: Graph, weights: Mapping[str, Array]) -> Sensitivity:
    """Perturb every weight tensor of the reference, and see whether its logits move."""
    degenerate, cancelled = [], []
    gradients = _gradients(graph, weights)
    for node in graph.nodes:
        for role, part, where in _parts(node):
            name = f"{node.name}.{role}" if role else node.name
            if _effect(weights[name][where], gradients[name][where]) > _LEAST_EFFECT:
                continue
            if part == "keys" and role == "in_proj_bias":
                cancelled.append(f"{name} ({part}: softmax cancels them)")
            else:
                degenerate.append(f"{name} ({part})" if part else name)
    return Sensitivity(tuple(degenerate), tuple(cancelled))


def _effect(weight: Array, gradient: Array) -> float:
    """How far a perturbation of a weight moves what the gradient is of."""
    # A tensor of zeros has no scale of its own.
    scale = _PERTURBATION * (float(np.abs(weight).max()) or 1.0)
    perturbation = np.random.default_rng(0).uniform(0.5, 1.0, weight.shape)
    return abs(float((scale * perturbation * gradient).sum()))


def _parts(node: Node) -> Iterator[tuple[str, str, slice]]:
    """(role, part, where) of each tensor that is perturbed."""
    width = node.shape[-1]
    for weight in node.weights:
        if not weight.role.startswith("in_proj"):
            yield weight.role, "", slice(None)
            continue
        for index, part in enumerate(_PACKED):
            yield weight.role, part, slice(index * width, (index + 1) * width)


def _gradients(graph: Graph, weights: Mapping[str, Array]) -> dict[str, Array]:
    """Of a random mixture of the logits, as a share of the largest of them, by every weight."""
    source, *nodes = graph.nodes
    passed = Pass({source.name: random_images(graph, 2).astype(np.float64)}, {}, {})
    for node in nodes:
        passed.weights[node.name] = {w.role: weights[node.weight_name(w)] for w in node.weights}
        inputs = [passed.values[name] for name in node.inputs]
        output = OPERATIONS[node.op](node.attrs, passed.weights[node.name], *inputs)
        passed.values[node.name] = output
    logits = passed.values[graph.output.name]
    mixture = np.random.default_rng(0).normal(size=logits.shape)
    largest = float(np.abs(logits).max()) or 1.0
    return backpropagate(graph, passed, mixture / largest, _DERIVATIVES)
