"""The oracle against finite differences, and against update rules worked out by hand."""

import numpy as np
import pytest

from benchsuite.contract import Batch, UpdateRule
from benchsuite.graph import Builder
from benchsuite.testing import Oracle, random_images, random_weights


@pytest.fixture
def graph():
    net = Builder()
    x = net.dense(net.flatten(net.input((2, 3, 2))), 5, name="fc1")
    x = net.tanh(net.batch_norm(x, name="bn", epsilon=1e-3, momentum=0.3))
    net.dense(x, 3, name="fc2")
    return net.graph("chain")


@pytest.fixture
def batch(graph):
    return Batch(random_images(graph, 6), np.array([0, 1, 2, 0, 1, 1]))


def test_gradients_are_the_limits_of_differences(graph, batch):
    weights = random_weights(graph, dtype=np.float64)
    _, gradients = Oracle(graph, weights, UpdateRule()).loss_and_gradients(batch)
    assert gradients.keys() == {n for n, weight in graph.weights.items() if weight.trainable}
    step = 1e-6
    for name, gradient in gradients.items():
        for index in np.ndindex(*gradient.shape):
            losses = []
            for sign in (1, -1):
                moved = {n: array.copy() for n, array in weights.items()}
                moved[name][index] += sign * step
                losses.append(Oracle(graph, moved, UpdateRule()).loss_and_gradients(batch)[0])
            expected = (losses[0] - losses[1]) / (2 * step)
            assert gradient[index] == pytest.approx(expected, rel=1e-5, abs=1e-8), name


def test_loss_is_mean_cross_entropy():
    """Zero weights make every class equally likely: log 4."""
    net = Builder()
    net.dense(net.flatten(net.input((1, 1, 2))), 4, name="fc")
    graph = net.graph("linear")
    zero = {name: np.zeros(weight.shape) for name, weight in graph.weights.items()}
    batch = Batch(random_images(graph, 5), np.array([0, 1, 2, 3, 0]))
    losses = Oracle(graph, zero, UpdateRule()).train([batch], [0.1])
    assert losses == pytest.approx([np.log(4)])


def test_running_statistics_are_unbiased_and_weighed_by_momentum(graph, batch):
    weights = random_weights(graph, dtype=np.float64)
    oracle = Oracle(graph, weights, UpdateRule())
    oracle.train([batch], [0.0])
    flat = batch.images.transpose(0, 3, 1, 2).reshape(6, -1).astype(np.float64)
    x = flat @ weights["fc1.weight"].T + weights["fc1.bias"]
    for name, new in (("bn.running_mean", x.mean(axis=0)), ("bn.running_var", x.var(0, ddof=1))):
        assert oracle.weights[name] == pytest.approx(0.7 * weights[name] + 0.3 * new)


def _moved(rule, gradients, rates):
    """Where one number goes from 1 under given gradients."""
    net = Builder()
    net.dense(net.flatten(net.input((1, 1, 1))), 1, bias=False, name="fc")
    oracle = Oracle(net.graph("one"), {"fc.weight": np.ones((1, 1))}, rule)
    place = 1.0
    for oracle.steps, (gradient, rate) in enumerate(zip(gradients, rates, strict=True), start=1):
        place -= rate * float(oracle.direction("fc.weight", np.full((1, 1), gradient))[0, 0])
    return place


def test_sgd_velocity_does_not_take_in_the_rate():
    """v = 0.9·v + g; p -= rate·v, through a drop of the rate by ten, step by step."""
    place = _moved(UpdateRule(momentum=0.9), [1.0, 1.0, 1.0], [0.1, 0.1, 0.01])
    assert place == pytest.approx(1 - 0.1 * 1.0 - 0.1 * 1.9 - 0.01 * 2.71)


def test_adam_adds_epsilon_after_the_correction():
    """Pitfalls 8 and 9: ten steps at a gradient of 1e-6 move by 9.9e-3, not 8.7e-3 or 4.1e-3."""
    rule = UpdateRule(optimizer="adam", epsilon=1e-8)
    moved = 1 - _moved(rule, [1e-6] * 10, [1e-3] * 10)
    assert moved == pytest.approx(10 * 1e-3 * 1e-6 / (1e-6 + 1e-8))
    assert round(moved, 4) == 9.9e-3
