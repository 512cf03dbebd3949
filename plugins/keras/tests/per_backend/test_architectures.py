"""Every architecture: lowered, counted, and equal to the reference at every node, in float64."""

import gc

import numpy as np
import pytest

from benchsuite.contract import Setup
from benchsuite.hooks import load_plugins
from benchsuite.testing import NumpyBackend, NumpySession, random_images, random_weights

ARCHITECTURES = load_plugins().architectures
#: Not always the networks' own, so that nothing rests on those.
CHANNELS, CLASSES = 3, 10
#: The smallest inputs, odd where the layers allow it.
SIZES = {
    "alexnet": 63,
    "alexnet_paper": 67,
    "convnext_tiny": 33,
    "inception_v3": 75,
    "vit_b_16": 32,
    "vit_small_cifar": 32,
}
#: Of several families; `tox -e verify` takes all.
FEW = [
    *("lenet5", "cnn_advanced", "resnet20", "mobilenet_v3_small", "squeezenet1_0"),
    *("googlenet_paper", "vit_small_cifar"),
]


class Reference(NumpySession):
    """It never trains here: what it would train with takes three times the weights' memory."""

    oracle_class = staticmethod(lambda *_: None)


def graph_of(name):
    size = SIZES.get(name, 33)
    return ARCHITECTURES[name].load().trace((size, size, CHANNELS), CLASSES)


@pytest.mark.parametrize("name", FEW)
def test_architecture_is_the_references_at_every_node(open_session, name):
    graph = graph_of(name)
    weights, images = random_weights(graph), random_images(graph, 2)
    reference = Reference(graph, weights, Setup(precision="fp64"), NumpyBackend.operations)
    expected = reference.activations(images)
    del reference
    session = open_session(graph, weights, precision="fp64")
    del weights
    counts = session.counts()
    assert (counts.parameters, counts.macs) == (graph.parameters, graph.macs)
    found = session.activations(images)
    assert found.keys() == expected.keys()
    for node, array in expected.items():
        error = np.abs(found[node] - array).max() / np.abs(array).max()
        assert error < 1e-10, f"{node} of {name}"
    logits = expected[graph.output.name]
    assert np.abs(session.predict(images) - logits).max() < 1e-10 * np.abs(logits).max()
    session.close()
    gc.collect()
