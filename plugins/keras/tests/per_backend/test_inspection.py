"""`activations` and `gradients`: against the reference, and what they leave as it was."""

import numpy as np
import pytest

from benchsuite.contract import Batch, Setup, UpdateRule
from benchsuite.graph import OPS, Builder, initializers
from benchsuite.testing import NumpyBackend, Oracle, random_images, random_weights


def plain():
    net = Builder()
    x = net.conv(net.input((9, 8, 3)), 4, 3, padding=1, stride=2, bias=False, name="conv1")
    x = net.relu(net.batch_norm(x, name="bn1"))
    x = net.max_pool(net.relu6(net.conv(x, 6, 3, padding=1, name="conv2")), 2, ceil=True)
    x = net.tanh(net.dense(net.dropout(net.flatten(x), 0.0), 5, name="fc1"))
    net.dense(x, 4, name="fc2")
    return net.graph("plain")


def gated():
    """As EfficientNet's and MobileNet's blocks."""
    net = Builder()
    x = net.silu(net.conv(net.input((7, 6, 2)), 4, 3, padding=1, name="stem"))
    y = net.hard_swish(net.conv(x, 4, 3, padding=1, groups=4, name="depthwise"))
    squeezed = net.relu(net.conv(net.adaptive_avg_pool(y, 1), 2, 1, name="fc1"))
    for gate in (net.sigmoid, net.hard_sigmoid):
        name = f"fc_{gate.__name__}"
        y = net.multiply(y, gate(net.conv(squeezed, 4, 1, name=name)))
    x = net.add(
        x, net.stochastic_depth(net.layer_scale(y, name="scale", init=initializers.zeros), 0.0)
    )
    x = net.local_response_norm(x, 5, alpha=0.5, beta=0.75, k=2.0)
    x = net.pad_channels(net.concat(x, net.avg_pool(x, 3, stride=1, padding=1)), 1, 2)
    x = net.flatten(net.adaptive_avg_pool(net.conv(x, 3, 1, name="last"), (4, 3)))
    net.dense(x, 4, name="fc")
    return net.graph("gated")


def tokens():
    net = Builder()
    x = net.image_to_sequence(net.conv(net.input((6, 4, 3)), 8, 2, stride=2, name="patches"))
    x = net.position_embedding(
        net.class_token(x, name="token"), name="position", init=initializers.zeros
    )
    y = net.self_attention(net.layer_norm(x, name="ln1", epsilon=1e-6), 2, name="attention")
    x = net.add(x, y)
    x = net.add(x, net.dense(net.gelu(net.dense(x, 12, name="mlp1")), 8, name="mlp2"))
    net.dense(net.select_token(x, 0), 4, name="head")
    return net.graph("tokens")


def pooled():
    net = Builder()
    x = net.conv(net.input((8, 6, 3)), 4, 3, name="conv")
    x = net.global_avg_pool(net.adaptive_avg_pool(net.adaptive_avg_pool(x, (3, 2)), (3, 2)))
    net.dense(net.multiply(x, net.tanh(x)), 3, name="fc")
    return net.graph("pooled")


NETWORKS = [plain(), gated(), tokens(), pooled()]


def batch_for(graph, size=5):
    labels = np.random.default_rng(3).integers(0, graph.output.shape[0], size)
    return Batch(random_images(graph, size), labels)


def test_networks_have_every_op():
    assert frozenset().union(*(graph.ops for graph in NETWORKS)) == frozenset(OPS)


@pytest.mark.parametrize("graph", NETWORKS, ids=lambda graph: graph.name)
def test_activations_are_the_references(open_session, graph):
    weights, images = random_weights(graph), random_images(graph, 2)
    session = open_session(graph, weights, precision="fp64")
    found = session.activations(images)
    reference = NumpyBackend().open(graph, weights, Setup(precision="fp64"))
    expected = reference.activations(images)
    assert list(found) == [node.name for node in graph.nodes]
    for name, array in expected.items():
        assert found[name].dtype == np.float64
        scale = np.abs(array).max()
        np.testing.assert_allclose(
            found[name], array, rtol=0, atol=1e-10 * scale, err_msg=f"{name} of {graph.name}"
        )
    np.testing.assert_allclose(found[graph.output.name], session.predict(images), rtol=1e-12)


@pytest.mark.parametrize("graph", NETWORKS, ids=lambda graph: graph.name)
def test_gradients_are_the_oracles(open_session, graph):
    weights, batch = random_weights(graph, dtype=np.float64), batch_for(graph)
    loss, gradients = open_session(graph, weights, precision="fp64").gradients(batch)
    expected_loss, expected = Oracle(graph, weights, UpdateRule()).loss_and_gradients(batch)
    np.testing.assert_allclose(loss, expected_loss, rtol=1e-12)
    assert gradients.keys() == expected.keys()
    largest = max(np.abs(array).max() for array in expected.values())
    for name, array in expected.items():
        assert gradients[name].shape == weights[name].shape
        # a bias that softmax or a normalisation cancels has none but rounding
        scale = max(np.abs(array).max(), 1e-6 * largest)
        np.testing.assert_allclose(
            gradients[name], array, rtol=0, atol=1e-9 * scale, err_msg=f"{name} of {graph.name}"
        )


def test_inspection_follows_set_weights(open_session, convnet):
    session = open_session(convnet, precision="fp64")
    images = random_images(convnet)
    session.activations(images)
    session.set_weights(random_weights(convnet, 5))
    found = session.activations(images)["fc"]
    np.testing.assert_allclose(found, session.predict(images), rtol=1e-12)


def test_inspection_takes_pixels_and_float32(open_session, convnet):
    session = open_session(convnet)
    pixels = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3), np.uint8)
    labels = np.arange(4)
    loss, gradients = session.gradients(Batch(pixels, labels))
    assert loss.dtype == np.float32
    assert gradients["fc.weight"].dtype == np.float32
    assert session.activations(random_images(convnet))["relu"].dtype == np.float32


def test_inspection_changes_nothing(open_session, convnet):
    """convnet has BatchNorm and dropout: statistics and a random stream that could move on."""
    weights, batch = random_weights(convnet), batch_for(convnet, 6)
    rule = UpdateRule(optimizer="adam")
    inspected, untouched = (open_session(convnet, weights, update_rule=rule) for _ in range(2))
    for session in (inspected, untouched):
        session.train([batch], [0.1])
    before = inspected.weights()
    inspected.activations(batch.images)
    inspected.gradients(batch)
    for name, array in before.items():
        np.testing.assert_array_equal(inspected.weights()[name], array)
    losses = [session.train([batch] * 2, [0.1] * 2) for session in (inspected, untouched)]
    np.testing.assert_array_equal(*losses)
    for name, array in untouched.weights().items():
        np.testing.assert_array_equal(inspected.weights()[name], array)
