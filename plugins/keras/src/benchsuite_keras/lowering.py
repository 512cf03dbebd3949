"""From a Graph to a functional `keras.Model`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras

from benchsuite.graph import Graph, Shape
from benchsuite_keras.flattening import images_flattened_in_place
from benchsuite_keras.layers import KerasTensor
from benchsuite_keras.ops import LOWERINGS, Call
from benchsuite_keras.precision import in_full_precision, weight_dtype
from benchsuite_keras.tensors import Tensor


@dataclass(frozen=True, slots=True)
class LoweredGraph:
    """A graph's model, and where each canonical weight and each node's output is in it.

    outputs: the symbolic tensor of every node, by its name.
    flattened_in_place: those of them that are images in the order (H, W, C).
    """

    graph: Graph
    model: Any
    tensors: Mapping[str, Tensor]
    outputs: Mapping[str, KerasTensor]
    flattened_in_place: Mapping[str, Shape]


def lower(graph: Graph, policy: str, seed: int) -> LoweredGraph:
    """Build the model: (N, H, W, C) -> (N, classes), each layer named after its node.

    policy: Keras' name for what layers compute in, and their weights have. The graph's ops must
        all be among `benchsuite_keras.ops.OPS`.
    """
    source, *nodes = graph.nodes
    images = keras.Input(source.shape, dtype=weight_dtype(policy), name=source.name)
    values: dict[str, KerasTensor] = {source.name: images}
    tensors: dict[str, Tensor] = {}
    in_place = images_flattened_in_place(graph)
    for node in nodes:
        inputs = [values[name] for name in node.inputs]
        shapes = [graph.by_name[name].shape for name in node.inputs]
        image = in_place.given.get(node.name) or in_place.taken.get(node.name)
        call = Call(node, inputs, shapes, policy, seed, image)
        lowered = LOWERINGS[node.op](call)
        values[node.name] = lowered.output
        for weight in node.weights:
            tensors[node.weight_name(weight)] = lowered.tensors[weight.role]
    logits = in_full_precision(values[graph.output.name], policy)
    model = keras.Model(images, logits, name=graph.name)
    return LoweredGraph(graph, model, tensors, values, in_place.given)
