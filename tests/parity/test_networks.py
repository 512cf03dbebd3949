"""What networks are compared at."""

import math

import pytest

from benchsuite.errors import ShapeError
from benchsuite.graph import architecture
from benchsuite.hooks import load_plugins
from benchsuite.parity.experiment import batches
from benchsuite.parity.subjects import inspected_network, trained_network, without_randomness

REGISTRY = {name: entry.load() for name, entry in load_plugins().architectures.items()}
ALL = pytest.mark.parametrize("architecture", REGISTRY.values(), ids=REGISTRY)


@ALL
def test_sizes_are_odd_and_even_and_channels_one_and_three(architecture):
    trained, inspected = trained_network(architecture), inspected_network(architecture)
    assert {trained.input_shape[2], inspected.input_shape[2]} == {1, 3}
    if not architecture.name.startswith("vit"):  # patches must fill the image
        assert {trained.input_shape[0] % 2, inspected.input_shape[0] % 2} == {0, 1}


@ALL
def test_networks_are_small_enough_for_the_reference(architecture):
    assert trained_network(architecture).macs < 0.6e9


@ALL
def test_batch_norm_sees_enough_values_for_a_variance(architecture):
    graph = trained_network(architecture)
    fewest = min(len(batch.labels) for batch in batches(graph))
    for node in graph.nodes:
        if node.op == "batch_norm":
            assert fewest * math.prod(node.shape[:-1]) >= 9, node.name


@ALL
def test_last_of_three_batches_is_smaller(architecture):
    sizes = [len(batch.labels) for batch in batches(trained_network(architecture))]
    assert len(sizes) == 12
    assert sizes[:3] * 4 == sizes
    assert sizes[2] == sizes[0] - 1 == sizes[1] - 1


def test_nothing_is_dropped():
    graph = REGISTRY["convnext_tiny"].trace()
    assert any(node.attrs.get("rate") for node in graph.nodes)
    kept = without_randomness(graph)
    assert not any(node.attrs.get("rate") for node in kept.nodes)
    assert kept.weights.keys() == graph.weights.keys()


@pytest.mark.parametrize(
    ("shape", "trained", "inspected"),
    [((8, 8, 1), (9, 9), (8, 8)), ((5, 9, 3), (9, 9), (9, 9)), ((4, 7, 3), (4, 7), (4, 7))],
)
def test_a_small_network_is_compared_at_the_sizes_that_it_takes(shape, trained, inspected):
    """Such as those of the tutorials."""

    @architecture(input_shape=shape, classes=10, paper="none")
    def small(net, images, classes):
        if images.shape[:2] not in (shape[:2], (9, 9)):
            raise ShapeError("too large")
        return net.dense(net.flatten(images), classes, name="fc")

    assert trained_network(small).input_shape[:2] == trained
    assert inspected_network(small).input_shape[:2] == inspected
