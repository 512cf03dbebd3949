"""The reference as a backend and as a plugin."""

import numpy as np
import pytest

from benchsuite import load
from benchsuite.contract import Backend, Batch, Counts, Normalizer, Setup
from benchsuite.errors import UnsupportedError, UsageError
from benchsuite.graph import Builder
from benchsuite.hooks import load_plugins
from benchsuite.testing import NumpyBackend, random_images, random_weights


@pytest.fixture
def graph():
    net = Builder()
    x = net.input((4, 5, 2))
    x = net.relu(net.batch_norm(net.conv(x, 3, 3, name="conv"), name="bn"))
    net.dense(net.flatten(x), 3, name="fc")
    return net.graph("small")


def open_session(graph, **setup):
    return NumpyBackend().open(graph, random_weights(graph), Setup(**setup))


def test_plugin_offers_numpy_only_when_asked_for():
    assert "numpy" not in load_plugins().backends
    plugins = load_plugins(["benchsuite.reference.plugin"])
    assert isinstance(plugins.backends["numpy"].load()(), Backend)


def test_load_needs_the_plugin_to_be_asked_for():
    with pytest.raises(UsageError, match="unknown backend 'numpy'"):
        load("lenet5", backend="numpy")


def test_refusals_say_what_there_is(graph):
    with pytest.raises(UsageError, match="no device 'cuda:0'; it has: cpu"):
        open_session(graph, device="cuda:0")
    with pytest.raises(UnsupportedError, match="no precision 'bf16'; it has: fp32, fp64"):
        open_session(graph, precision="bf16")
    with pytest.raises(UnsupportedError, match="no tier 'compiled'; it has: native"):
        open_session(graph, tier="compiled")


def test_weights_that_do_not_fit_are_refused(graph):
    weights = random_weights(graph)
    del weights["fc.bias"]
    with pytest.raises(UsageError, match=r"missing: fc\.bias"):
        NumpyBackend().open(graph, weights, Setup())


@pytest.mark.parametrize(("precision", "dtype"), [("fp32", np.float32), ("fp64", np.float64)])
def test_every_activation_has_the_precision(graph, precision, dtype):
    session = open_session(graph, precision=precision)
    values = session.activations(random_images(graph))
    assert {value.dtype for value in values.values()} == {np.dtype(dtype)}
    assert {name: value.shape[1:] for name, value in values.items()} == {
        node.name: node.shape for node in graph.nodes
    }


def test_counts_come_from_the_arrays(graph):
    """conv: 2·3 positions × 3·2·9; dense: 3 × 18. Weights: 54+3, 3+3, 54+3."""
    assert open_session(graph).counts() == Counts(120, 6 * 54 + 54, "numpy reference")


def test_counts_of_attention():
    """Projections 4·T·D², products 2·T²·D."""
    net = Builder()
    x = net.self_attention(net.image_to_sequence(net.input((2, 3, 8))), 2, name="attention")
    net.select_token(x, 0)
    graph = net.graph("attention")
    macs = 4 * 6 * 8**2 + 2 * 6**2 * 8
    assert open_session(graph).counts() == Counts(4 * 8**2 + 4 * 8, macs, "numpy reference")


def test_place_normalises_bytes_and_nothing_else(graph):
    session = open_session(graph, normalizer=Normalizer(scale=(0.5, 2.0), shift=(1.0, 0.0)))
    pixels = np.full((1, 4, 5, 2), 10, np.uint8)
    placed = session.place(Batch(pixels, np.zeros(1, np.int64))).images
    assert placed.dtype == np.float32
    assert placed[0, 0, 0].tolist() == [6.0, 20.0]
    floats = pixels.astype(np.float32)
    assert np.array_equal(session.place(Batch(floats, np.zeros(1, np.int64))).images, floats)


def test_native_is_the_weights_in_use(graph):
    session = open_session(graph)
    assert session.native.keys() == graph.weights.keys()
    session.close()
    assert not session.native
