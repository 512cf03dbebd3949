"""Every architecture in float64, node by node, against the reference."""

import numpy as np
import pytest

from benchsuite.contract import Setup
from benchsuite.hooks import load_plugins
from benchsuite.testing import NumpyBackend, random_images, random_weights
from benchsuite_torch.lowering import lower_without_weights

FP64 = Setup(precision="fp64")
#: The smallest input, where 33 pixels are not enough; odd ones tell paddings apart.
SIZES = {
    "alexnet": 63,
    "alexnet_paper": 67,
    "inception_v3": 75,
    "vit_b_16": 32,
    "convnext_tiny": 32,
}
#: Fifty million weights and more, or hundreds of layers: many seconds each.
HEAVY = {"densenet169", "inception_v3", "resnet101", "resnet152", "vit_b_16"}

#: Seconds each, in the reference.
SLOW = {
    *("convnext_tiny", "densenet121", "efficientnet_b0", "mobilenet_v2", "resnet18_cifar"),
    *("resnet34", "resnet50", "vit_small_cifar"),
}


@pytest.fixture
def small():
    """small(name): the graph of an architecture for a small input, and of ten classes."""

    def run(name):
        architecture = load_plugins().architectures[name].load()
        size = SIZES.get(name, 33)
        shape = (size, size, 3) if architecture.input_shape[0] > 32 else None
        return architecture.trace(shape, 10)

    return run


def is_heavy(name):
    return name in HEAVY or name.startswith(("alexnet", "vgg"))


def architectures():
    """All but the heavy ones, which `tox -e verify` takes too."""
    return [name for name in sorted(load_plugins().architectures) if not is_heavy(name)]


def reference(graph, weights, images):
    session = NumpyBackend().open(graph, weights, FP64)
    try:
        return session.activations(images)
    finally:
        session.close()


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else [])
        for name in architectures()
    ],
)
def test_every_node_yields_what_the_reference_does(name, small, open_session):
    graph = small(name)
    weights = random_weights(graph, dtype=np.float64)
    images = random_images(graph, 2)
    expected = reference(graph, weights, images)
    session = open_session(graph, weights)
    try:
        found = session.activations(images)
        logits = session.predict(images)
    finally:
        session.close()
    assert list(found) == [node.name for node in graph.nodes]
    errors = {
        node: float(np.abs(found[node] - expected[node]).max() / np.abs(expected[node]).max())
        for node in found
    }
    assert {node: error for node, error in errors.items() if not error <= 1e-10} == {}
    assert np.array_equal(logits, found[graph.output.name])


@pytest.mark.parametrize("name", sorted(load_plugins().architectures))
def test_state_dict_has_the_graphs_names_and_shapes(name):
    graph = load_plugins().architectures[name].load().trace()
    state = lower_without_weights(graph).state_dict()
    shapes = {
        key: tuple(tensor.shape)
        for key, tensor in state.items()
        if not key.endswith("num_batches_tracked")
    }
    assert shapes == {key: weight.shape for key, weight in graph.weights.items()}
