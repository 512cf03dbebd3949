"""What a session shows of its inside, against the reference and the oracle, in float64."""

from functools import partial

import numpy as np
import pytest
import torch
from torch import fx

from benchsuite.contract import Batch, Setup, UpdateRule
from benchsuite.graph import OPS, initializers
from benchsuite.testing import NumpyBackend, Oracle, random_images, random_weights

SHAPE = (9, 8, 3)


def excited_net(net, x):
    """Pools that reach beyond the edge, hard functions, squeeze and excitation."""
    x = net.relu6(net.batch_norm(net.conv(x, 6, 3, padding=1, name="conv1"), name="bn1"))
    x = net.max_pool(net.local_response_norm(x, 3, alpha=0.5, beta=0.75, k=2.0), 2, ceil=True)
    with net.scope("features.0"):
        y = net.hard_swish(net.conv(x, 6, 3, padding=1, groups=6, name="0"))
        with net.scope("1"):
            gates = net.silu(net.conv(net.adaptive_avg_pool(y, 1), 2, 1, name="fc1"))
            y = net.multiply(y, net.hard_sigmoid(net.conv(gates, 6, 1, name="fc2")))
        x = net.add(net.stochastic_depth(net.batch_norm(y, name="2"), 0.0), x)
    x = net.concat(net.avg_pool(x, 3, stride=1, padding=1), net.pad_channels(x, 1, 2))
    return net.dense(net.flatten(net.tanh(x)), 4, name="fc")


def position_net(net, x):
    """Normalisations and dense layers of positions, as ConvNeXt has them."""
    norm = partial(net.layer_norm, epsilon=1e-6)
    x = norm(net.conv(x, 6, 2, stride=2, name="stem.0"), name="stem.1")
    for index, activation in enumerate((net.gelu, net.silu, net.hard_swish, net.relu, net.sigmoid)):
        with net.scope(f"stages.{index}"):
            with net.scope("block"):
                y = net.conv(x, 6, 3, padding=1, groups=6, name="0")
                y = activation(net.dense(norm(y, name="1"), 10, name="2"))
                y = net.dense(y, 6, name="3")
            y = net.layer_scale(y, name="scale", init=initializers.zeros)
            x = net.add(net.stochastic_depth(y, 0.0), x)
    x = net.dense(norm(x, name="norm"), 5, name="map")
    return net.dense(net.dropout(net.flatten(x), 0.0), 4, name="fc")


def token_net(net, x):
    """A transformer's encoder layer."""
    x = net.image_to_sequence(net.conv(x, 8, 3, stride=3, name="conv"))
    x = net.position_embedding(
        net.class_token(x, name="token"), name="positions", init=initializers.zeros
    )
    with net.scope("layers.0"):
        y = net.layer_norm(x, name="ln_1", epsilon=1e-6)
        x = net.add(net.self_attention(y, 2, name="attention"), x)
        y = net.gelu(net.dense(net.layer_norm(x, name="ln_2", epsilon=1e-6), 12, name="mlp.0"))
        x = net.add(x, net.dense(y, 8, name="mlp.3"))
    return net.dense(net.select_token(x, 0), 4, name="head")


def overwriting_net(net, x, name):
    """One function behind every kind of result that it may overwrite."""
    function = getattr(net, name)
    x = function(net.conv(x, 4, 1, name="conv"))
    x = function(net.batch_norm(x, name="bn"))
    x = net.batch_norm(x, name="norm0")  # both signs, so that something passes a ReLU
    x = function(net.layer_scale(x, name="scale", init=initializers.zeros))
    x = function(net.multiply(x, net.tanh(x)))
    x = function(net.concat(x, net.tanh(x)))
    x = function(net.pad_channels(x, 1, 0))
    x = function(net.add(net.batch_norm(net.tanh(x), name="norm1"), x))
    x = function(net.add(net.stochastic_depth(net.batch_norm(x, name="norm2"), 0.0), x))
    x = function(net.dense(net.global_avg_pool(x), 12, name="fc1"))
    return net.dense(x, 4, name="fc2")


OVERWRITING = ("relu", "relu6", "sigmoid", "silu", "hard_swish")
NETS = {net.__name__: net for net in (excited_net, position_net, token_net)} | {
    f"overwriting_{name}": partial(overwriting_net, name=name) for name in OVERWRITING
}


@pytest.fixture(params=NETS.values(), ids=NETS)
def graph(request, trace):
    return trace(SHAPE, request.param)


@pytest.fixture
def weights(graph):
    return random_weights(graph, dtype=np.float64)


@pytest.fixture
def batch(graph):
    return Batch(random_images(graph, 5), np.array([0, 1, 2, 3, 1]))


def errors(found, expected):
    """The largest difference by name, as a share of the largest figure."""
    assert list(found) == list(expected)
    assert all(found[name].shape == expected[name].shape for name in found)
    return {
        name: np.abs(found[name] - expected[name]).max() / np.abs(expected[name]).max()
        for name in found
    }


def test_the_networks_have_every_op(trace):
    assert frozenset().union(*(trace(SHAPE, net).ops for net in NETS.values())) == OPS.keys()


@pytest.mark.parametrize("name", OVERWRITING)
def test_the_overwriting_networks_overwrite(trace, draw, open_session, name):
    graph = trace(SHAPE, NETS[f"overwriting_{name}"])
    code = open_session(graph, draw(graph)).native.code
    spelled = [f"torch.{name}_(", f"{name.replace('_', '')}(", "inplace = True"]
    in_place = [
        line
        for line in code.splitlines()
        if spelled[0] in line or (spelled[1] in line and spelled[2] in line)
    ]
    assert len(in_place) == 9


def test_activations_are_the_references(graph, weights, batch, open_session):
    expected = NumpyBackend().open(graph, weights, Setup(precision="fp64"))
    session = open_session(graph, weights)
    found = session.activations(batch.images)
    assert max(errors(found, expected.activations(batch.images)).values()) < 1e-10
    assert np.array_equal(found[graph.output.name], session.predict(batch.images))


def test_activations_follow_the_generated_code(trace, draw, open_session):
    graph = trace(SHAPE, lambda net, x: net.tanh(net.relu(net.conv(x, 4, 3, name="conv"))))
    session = open_session(graph, draw(graph))
    before = session.activations(random_images(graph))
    for node in session.native.graph.nodes:
        if node.op == "call_function" and node.name == "tanh":
            node.target = abs
    session.native.recompile()
    found = session.activations(random_images(graph))
    assert np.array_equal(found["tanh"], before["relu"])
    assert np.array_equal(found["conv"], before["conv"])
    assert (before["conv"] < 0).any()
    assert isinstance(session.native, fx.GraphModule)


def test_activations_leave_training_mode(graph, weights, batch, open_session):
    session = open_session(graph, weights)
    before = session.activations(batch.images)
    session.train([batch], [0.0])
    session.set_weights(weights)
    assert all(np.array_equal(a, before[n]) for n, a in session.activations(batch.images).items())


def test_gradients_are_the_oracles(graph, weights, batch, open_session):
    loss, gradients = open_session(graph, weights).gradients(batch)
    expected_loss, expected = Oracle(graph, weights, UpdateRule()).loss_and_gradients(batch)
    assert loss == pytest.approx(expected_loss, rel=1e-10)
    assert {name for name, weight in graph.weights.items() if weight.trainable} == set(gradients)
    # The scale is that of all gradients: softmax cancels some, such as that of keys' biases.
    scale = max(np.abs(array).max() for array in expected.values())
    largest = {n: np.abs(gradients[n] - expected[n]).max() / scale for n in expected}
    assert max(largest.values()) < 1e-9
    assert all(np.abs(gradients[name]).max() > 0 for name in gradients)


@pytest.mark.parametrize("training", [True, False])
def test_gradients_leave_everything_as_it_was(graph, weights, batch, open_session, training):
    session, other = (open_session(graph, weights) for _ in range(2))
    for each in (session, other):
        each.train([batch], [0.01])
    if not training:
        session.predict(batch.images)
    state = {name: tensor.clone() for name, tensor in session.native.state_dict().items()}
    slopes = [p.grad.clone() for p in session.native.parameters()]
    session.gradients(batch)
    assert session.native.training is training
    assert all(state[n].equal(tensor) for n, tensor in session.native.state_dict().items())
    pairs = zip(slopes, session.native.parameters(), strict=True)
    assert all(slope.equal(parameter.grad) for slope, parameter in pairs)
    assert np.array_equal(
        session.train([batch] * 2, [0.01] * 2), other.train([batch] * 2, [0.01] * 2)
    )


def test_gradients_normalise_bytes(trace, open_session):
    graph = trace(SHAPE, excited_net)
    weights = random_weights(graph, dtype=np.float64)
    pixels = np.random.default_rng(0).integers(0, 256, (3, *SHAPE), dtype=np.uint8)
    labels = np.array([0, 1, 2])
    session = open_session(graph, weights)
    loss, _ = session.gradients(Batch(pixels, labels))
    expected, _ = session.gradients(Batch(pixels * (1 / 255), labels))
    assert loss == expected


def test_pytorchs_own_hard_sigmoid_has_a_sixth_in_single_precision():
    """The divergence that float64 sessions avoid, at its value: docs/explanation/parity.md."""
    x = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    (found,) = torch.autograd.grad(torch.nn.functional.hardsigmoid(x), x)
    assert 6 * found.item() - 1 == pytest.approx(6 * float(np.float32(1 / 6)) - 1, rel=1e-6)
    assert 6 * float(np.float32(1 / 6)) - 1 == pytest.approx(2.98e-8, rel=1e-3)


def test_hard_sigmoids_gradient_is_exact_in_float64(trace, open_session):
    def build(net, x):
        return net.dense(
            net.flatten(net.hard_sigmoid(net.conv(x, 2, 1, name="conv"))), 4, name="fc"
        )

    graph = trace((2, 2, 3), build)
    weights = {n: 0.3 * array for n, array in random_weights(graph, dtype=np.float64).items()}
    batch = Batch(random_images(graph, 3, spread=0.5), np.array([0, 1, 2]))
    _, found = open_session(graph, weights).gradients(batch)
    _, expected = Oracle(graph, weights, UpdateRule()).loss_and_gradients(batch)
    for name, gradient in expected.items():
        assert np.allclose(found[name], gradient, rtol=1e-12), name
