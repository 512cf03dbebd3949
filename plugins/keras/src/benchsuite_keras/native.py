"""Natively written Keras models in a session: their weights, under Keras' own paths."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras

from benchsuite.contract import NativeModel
from benchsuite.graph import Shape, opaque_graph
from benchsuite_keras.lowering import LoweredGraph
from benchsuite_keras.precision import in_full_precision
from benchsuite_keras.tensors import same


@contextmanager
def _default_policy(policy: str) -> Iterator[None]:
    """What layers compute in where nobody says otherwise, for a while."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def adopt(
    model: NativeModel, input_shape: Shape, classes: int, policy: str, seed: int
) -> LoweredGraph:
    """Build a library's model, in the layout that it has; a count of batches is no weight."""
    keras.utils.set_random_seed(seed)
    with _default_policy(policy):
        native = model.build(input_shape, classes)
    trained = {id(variable) for variable in native.trainable_variables}
    kept = [v for v in native.weights if keras.backend.is_float_dtype(v.dtype)]
    macs = model.trace(input_shape, classes).macs
    weights = {v.path: (tuple(v.shape), id(v) in trained) for v in kept}
    graph = opaque_graph(model.name, input_shape, classes, macs, weights)
    outputs = {graph.nodes[0].name: native.inputs[0], graph.output.name: native.outputs[0]}
    logits = in_full_precision(native.outputs[0], policy)
    if logits is not native.outputs[0]:
        native = keras.Model(native.inputs, logits, name=native.name)
    return LoweredGraph(graph, native, {v.path: same(v) for v in kept}, outputs, {})
