"""The guard: weights that could be anything are named, and a proof by them is refused."""

import numpy as np
import pytest

from benchsuite.contract import Setup
from benchsuite.hooks import load_plugins
from benchsuite.parity.degeneracy import sensitivity
from benchsuite.parity.subjects import without_randomness
from benchsuite.testing import NumpyBackend, random_images, random_weights


def graph_of(name, shape):
    return without_randomness(load_plugins().architectures[name].load().trace(shape, 5))


def test_random_weights_all_matter():
    graph = graph_of("resnet18_cifar", (9, 9, 3))
    found = sensitivity(graph, random_weights(graph, dtype=np.float64))
    assert found.degenerate == found.cancelled == ()


def test_residual_network_whose_last_scale_is_zero_is_degenerate():
    """What a published benchmark compared: each branch ends in a scale of zero."""
    graph = graph_of("resnet18_cifar", (9, 9, 3))
    weights = random_weights(graph, dtype=np.float64)
    weights["layer3.0.bn2.weight"][:] = 0
    weights["layer3.0.bn2.bias"][:] = 0
    degenerate = sensitivity(graph, weights).degenerate
    assert "layer3.0.conv1.weight" in degenerate
    assert "layer3.0.bn2.running_var" in degenerate
    assert "layer3.0.bn2.weight" not in degenerate  # perturbed, it would matter
    assert not [name for name in degenerate if not name.startswith("layer3.0.")]


def test_transformer_whose_head_is_zero_is_degenerate():
    graph = graph_of("vit_small_cifar", (8, 8, 3))
    weights = random_weights(graph, dtype=np.float64)
    weights["heads.head.weight"][:] = 0
    degenerate = sensitivity(graph, weights).degenerate
    assert "conv_proj.weight" in degenerate
    assert "encoder.ln.bias" in degenerate
    assert "heads.head.bias" not in degenerate


def test_biases_of_keys_are_named_as_cancelled():
    graph = graph_of("vit_small_cifar", (8, 8, 3))
    found = sensitivity(graph, random_weights(graph, dtype=np.float64))
    assert found.degenerate == ()
    assert len(found.cancelled) == 12
    assert "layer_0.self_attention.in_proj_bias (keys: softmax" in found.cancelled[0]


@pytest.mark.parametrize("name", ["cnn_bn", "resnet20"])
def test_first_order_is_what_a_perturbation_does(name):
    """Where the guard says that a tensor matters, a perturbed one moves the logits, and back."""
    graph = graph_of(name, (17, 17, 3))
    weights = random_weights(graph, dtype=np.float64)
    images = random_images(graph, 2)

    def logits(changed):
        session = NumpyBackend().open(graph, changed, Setup(precision="fp64"))
        return session.predict(images)

    before = logits(weights)
    for weight_name, array in weights.items():
        moved = array * (1 + 1e-3 * np.random.default_rng(0).uniform(0.5, 1.0, array.shape))
        after = logits({**weights, weight_name: moved})
        assert np.abs(after - before).max() / np.abs(before).max() > 1e-9, weight_name
