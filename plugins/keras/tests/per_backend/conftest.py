import os

import pytest

from benchsuite.contract import Setup
from benchsuite.graph import Builder
from benchsuite.hooks import load_plugins
from benchsuite.testing import random_weights


@pytest.fixture(scope="session")
def framework():
    return os.environ["KERAS_BACKEND"]


@pytest.fixture(scope="session")
def backend(framework):
    return load_plugins().backends[f"keras-{framework}"].load()()


@pytest.fixture
def open_session(backend):
    """Opens a graph with non-degenerate weights; options are `Setup`'s."""
    sessions = []

    def start(graph, weights=None, **options):
        chosen = random_weights(graph) if weights is None else weights
        sessions.append(backend.open(graph, chosen, Setup(**options)))
        return sessions[-1]

    yield start
    for session in sessions:
        session.close()


@pytest.fixture
def chain():
    """(2, 3, 2) -> dense, BatchNorm, tanh, dense -> 4 classes: what the oracle can train."""
    net = Builder()
    x = net.dense(net.flatten(net.input((2, 3, 2))), 6, name="fc1")
    x = net.tanh(net.batch_norm(x, name="bn"))
    net.dense(x, 4, name="fc2")
    return net.graph("chain")


@pytest.fixture
def convnet():
    """(8, 8, 3) -> conv, BatchNorm, ReLU, pool, dropout, dense -> 5 classes."""
    net = Builder()
    x = net.conv(net.input((8, 8, 3)), 6, 3, stride=2, padding=1, bias=False, name="layer.0.conv")
    x = net.max_pool(net.relu(net.batch_norm(x, name="layer.0.bn")), 3, stride=2, padding=1)
    net.dense(net.dropout(net.flatten(x), 0.5), 5, name="fc")
    return net.graph("convnet")
