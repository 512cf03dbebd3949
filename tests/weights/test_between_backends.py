"""A file moves through every installed backend, and gives the same logits in each."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from benchsuite.contract import Setup
from benchsuite.hooks import load_plugins
from benchsuite.testing import NumpyBackend, random_images, random_weights
from benchsuite.weights import write_weights

pytestmark = pytest.mark.frameworks
PLUGINS = load_plugins()
BACKENDS = [
    name
    for name in ("torch", "keras-tensorflow", "keras-jax")
    if name in PLUGINS.backends and not PLUGINS.backends[name].target.missing()
]
NETWORKS = {"lenet5": (28, 28, 1), "resnet18_cifar": (16, 16, 3)}
CLASSES = 3
SCRIPT = Path(__file__).parent / "moving.py"


def graph_of(name):
    return PLUGINS.architectures[name].load().trace(NETWORKS[name], CLASSES)


@pytest.fixture(scope="module")
def moved(tmp_path_factory):
    """The folder that each backend filled, from the file of the one before it."""
    folder = tmp_path_factory.mktemp("moved")
    (folder / "start").mkdir()
    for name in NETWORKS:
        graph = graph_of(name)
        file = folder / "start" / f"{name}.safetensors"
        write_weights(file, graph, random_weights(graph), {})
    source = folder / "start"
    for backend in BACKENDS:
        target = folder / backend
        target.mkdir()
        subprocess.run(
            [sys.executable, SCRIPT, backend, source, target],
            env={**os.environ, **PLUGINS.backends[backend].target.environment},
            check=True,
        )
        source = target
    return folder


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("backend", BACKENDS)
def test_weights_give_the_references_logits(moved, backend, name):
    graph = graph_of(name)
    session = NumpyBackend().open(graph, random_weights(graph), Setup())
    expected = session.predict(random_images(graph, 2))

    found = np.load(moved / backend / f"{name}.npy")

    assert np.abs(found - expected).max() < 1e-5 * np.abs(expected).max()


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("backend", BACKENDS)
def test_weights_move_bit_for_bit(moved, backend, name):
    expected = random_weights(graph_of(name))

    found = load_file(moved / backend / f"{name}.safetensors")

    assert found.keys() == expected.keys()
    assert all(np.array_equal(found[key], expected[key]) for key in expected)
