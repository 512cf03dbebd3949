"""What the conformance kit does not reach: all of Keras' paddings, and its kernels' limits."""

import numpy as np
import pytest

from benchsuite.contract import Setup
from benchsuite.graph import OPS, Builder
from benchsuite.testing import NumpyBackend, random_images, random_weights


def assert_agrees_with_reference(open_session, graph, **distribution):
    weights, images = random_weights(graph), random_images(graph, **distribution)
    expected = NumpyBackend().open(graph, weights, Setup(precision="fp64")).predict(images)
    logits = open_session(graph, weights, precision="fp64").predict(images)
    np.testing.assert_allclose(logits, expected, rtol=0, atol=1e-10 * np.abs(expected).max())


def test_backend_claims_the_whole_vocabulary(backend):
    assert backend.ops == frozenset(OPS)


@pytest.mark.parametrize("extents", [(7, 8), (8, 7)], ids=str)
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("kernel", [1, 3, 5, 7])
def test_conv_pads_symmetrically(open_session, extents, stride, kernel):
    net = Builder()
    images = net.input((*extents, 2))
    net.flatten(net.conv(images, 3, kernel, stride=stride, padding=kernel // 2, name="conv"))
    assert_agrees_with_reference(open_session, net.graph("padded"))


@pytest.mark.parametrize("padding", [0, 1, 2])
def test_conv_pads_by_any_amount(open_session, padding):
    net = Builder()
    images = net.input((9, 6, 2))
    net.flatten(net.conv(images, 3, (3, 5), stride=2, padding=(padding, 2), name="conv"))
    assert_agrees_with_reference(open_session, net.graph("padded"))


@pytest.mark.parametrize("extents", [(7, 8), (8, 7), (9, 9)], ids=str)
@pytest.mark.parametrize("stride", [1, 2])
def test_max_pool_pads_with_minus_infinity(open_session, extents, stride):
    net = Builder()
    net.flatten(net.max_pool(net.input((*extents, 2)), 3, stride=stride, padding=1))
    assert_agrees_with_reference(open_session, net.graph("pooled"), mean=-9.0)


def test_depthwise_conv_with_uneven_stride_agrees_with_reference(open_session):
    net = Builder()
    net.flatten(net.conv(net.input((8, 8, 3)), 3, 3, stride=(1, 2), groups=3, name="conv"))
    assert_agrees_with_reference(open_session, net.graph("uneven"))
