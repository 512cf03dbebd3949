import numpy as np
import pytest

from benchsuite.contract import Setup
from benchsuite.graph import Builder
from benchsuite.testing import NumpyBackend, random_images, random_weights


def dense(net, x):
    return net.dense(x, 4, name="fc")


def dropout_relu_dense(net, x):
    return dense(net, net.relu(net.dropout(x, 0.5)))


def activated_dense(net, x):
    for name in ("relu6", "tanh", "gelu", "sigmoid", "silu", "hard_sigmoid", "hard_swish"):
        x = getattr(net, name)(x)
    return dense(net, net.stochastic_depth(x, 0.5))


def batch_norm_dense(net, x):
    return dense(net, net.batch_norm(x, name="bn"))


def dense_and_sum(net, x):
    return net.add(net.dense(x, 24, name="fc"), x)


def two_dense(net, x):
    return net.add(dense(net, x), net.dense(x, 4, name="fc2"))


def alone(net, x):
    return x


@pytest.mark.parametrize(
    ("head", "permuted"),
    [
        (dense, False),
        (dropout_relu_dense, False),
        (activated_dense, False),
        (two_dense, False),
        (batch_norm_dense, True),
        (dense_and_sum, True),
        (alone, True),
    ],
)
def test_flatten_permutes_images_only_where_the_weights_cannot(open_session, head, permuted):
    net = Builder()
    head(net, net.flatten(net.input((2, 4, 3))))
    graph = net.graph("head")
    weights, images = random_weights(graph), random_images(graph)
    session = open_session(graph, weights, precision="fp64")
    names = [layer.name for layer in session.native.layers]
    assert ("flatten-channels_first" in names) is permuted
    reference = NumpyBackend().open(graph, weights, Setup(precision="fp64"))
    np.testing.assert_allclose(
        session.predict(images), reference.predict(images), rtol=0, atol=1e-12
    )
    for name, expected in reference.activations(images).items():
        np.testing.assert_allclose(
            session.activations(images)[name], expected, rtol=0, atol=1e-12, err_msg=name
        )
    for name, array in session.weights().items():
        np.testing.assert_array_equal(array, weights[name])
