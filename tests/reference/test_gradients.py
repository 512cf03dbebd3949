"""Every derivative against differences of the op itself, by each input and each weight."""

import numpy as np
import pytest

from benchsuite.contract import Setup
from benchsuite.graph import OPS
from benchsuite.graph.ops.op import Backward
from benchsuite.reference.backend import NumpyBackend
from benchsuite.reference.oracle import DERIVATIVES, OPERATIONS
from benchsuite.testing import random_images, random_weights
from benchsuite.testing.cases import op_cases

STEP = 1e-5
CASES = [case for case in op_cases() if not any(n.attrs.get("rate") for n in case.graph.nodes)]


def forward(node, weights, inputs):
    """The op in training mode."""
    if node.op == "batch_norm":
        axes = tuple(range(inputs[0].ndim - 1))
        batch = {"running_mean": inputs[0].mean(axes), "running_var": inputs[0].var(axes)}
        weights = {**weights, **batch}
    return OPERATIONS[node.op](node.attrs, weights, *inputs)


def slopes(node, weights, inputs):
    """Along random directions: (of the derivative, of differences) by each argument."""
    random = np.random.default_rng(0)
    y = forward(node, weights, inputs)
    g = random.normal(size=y.shape)
    by_inputs, by_weights = DERIVATIVES[node.op](Backward(node.attrs, weights, tuple(inputs), y, g))

    def difference(moved):
        high, low = (float((forward(node, *moved(sign * STEP)) * g).sum()) for sign in (1, -1))
        return (high - low) / (2 * STEP)

    for index, gradient in enumerate(by_inputs):
        along = random.normal(size=inputs[index].shape)

        def input_moved(step, index=index, along=along):
            return weights, [*inputs[:index], inputs[index] + step * along, *inputs[index + 1 :]]

        yield index, float((gradient * along).sum()), difference(input_moved)
    for role, gradient in by_weights.items():
        along = random.normal(size=weights[role].shape)

        def weight_moved(step, role=role, along=along):
            return {**weights, role: weights[role] + step * along}, inputs

        yield role, float((gradient * along).sum()), difference(weight_moved)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_derivative_is_the_limit_of_differences(case):
    graph = case.graph
    weights = random_weights(graph, dtype=np.float64)
    session = NumpyBackend().open(graph, weights, Setup(precision="fp64"))
    images = random_images(graph, 4, mean=case.mean, spread=case.spread)
    values = session.activations(images.astype(np.float64))
    for node in graph.nodes[1:]:
        of_node = {
            w.role: weights[graph_name]
            for w in node.weights
            for graph_name in [node.weight_name(w)]
        }
        inputs = [values[name] for name in node.inputs]
        trainable = {weight.role for weight in node.weights if weight.trainable}
        found = list(slopes(node, of_node, tuple(inputs)))
        assert {which for which, *_ in found} == {*range(len(inputs)), *trainable}
        for which, derivative, difference in found:
            assert derivative == pytest.approx(difference, rel=1e-5, abs=1e-6), (node.name, which)


def test_every_op_has_a_derivative():
    assert DERIVATIVES.keys() == OPS.keys() - {"input"}
