"""Graphs and weights for the tests of the PyTorch backend.

pytest reads this file also where PyTorch is not installed, so only fixtures import it.
"""

import numpy as np
import pytest

from benchsuite.contract import Setup
from benchsuite.graph import Builder


@pytest.fixture
def trace():
    """trace(shape, build): the graph of `build(net, images)`."""

    def run(shape, build):
        net = Builder()
        build(net, net.input(shape))
        return net.graph("net")

    return run


@pytest.fixture
def draw():
    """draw(graph): weights in float64, none of them zero, one or alike; variances positive."""

    def run(graph, seed=0):
        random = np.random.default_rng(seed)
        return {
            name: random.uniform(0.5, 1.5, weight.shape)
            * (1 if name.endswith("running_var") else random.choice((-0.3, 0.3), weight.shape))
            for name, weight in graph.weights.items()
        }

    return run


@pytest.fixture
def open_session():
    """open_session(graph, weights, **setup): a session in float64 on the CPU."""
    from benchsuite_torch.backend import TorchBackend

    def run(graph, weights, **setup):
        return TorchBackend().open(graph, weights, Setup(**{"precision": "fp64", **setup}))

    return run


@pytest.fixture(autouse=True)
def _restore_threads():
    """A session's threads are the process's: give the other tests theirs back."""
    import torch

    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)
