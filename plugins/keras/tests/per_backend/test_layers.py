"""The layers themselves: which ones a graph becomes, and those that are not Keras' own."""

import keras
import numpy as np
import pytest

from benchsuite.contract import Batch
from benchsuite.graph import Builder
from benchsuite.testing import op_cases, random_images

OWN = [
    "adaptive_avg_pool-to-3-7x9x3",
    "gelu-of-positions-7x9x3",
    "hard_sigmoid-of-positions-7x9x3",
    "layer_scale-of-positions-7x9x3",
    "local_response_norm-5-of-7-5x4x7",
    "max_pool-3x3-padding1-stride2-ceil-8x8x3",
    "pad_channels-1-2-7x9x3",
]
CASES = {case.name: case for case in op_cases()}


@pytest.mark.filterwarnings(  # Keras' own reading of its variables, with NumPy 2
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)
@pytest.mark.parametrize("name", OWN)
def test_own_layers_can_be_saved(open_session, name, tmp_path):
    graph = CASES[name].graph
    session, images = open_session(graph), random_images(graph)
    session.native.save(tmp_path / "model.keras")
    model = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(model(images, training=False)),
        session.predict(images),
        rtol=1e-5,
        atol=1e-6,
    )


@pytest.mark.parametrize(
    ("size", "layer"),
    [
        ((6, 4), "Identity"),
        (1, "GlobalAveragePooling2D"),
        ((3, 2), "AveragePooling2D"),
        ((6, 2), "AveragePooling2D"),
        ((3, 3), "AdaptiveAveragePooling2D"),
        ((7, 4), "AdaptiveAveragePooling2D"),
        ((12, 4), "AdaptiveAveragePooling2D"),
    ],
)
def test_adaptive_pool_becomes_the_plainest_layer(open_session, size, layer):
    net = Builder()
    net.flatten(net.adaptive_avg_pool(net.input((6, 4, 2)), size))
    native = open_session(net.graph("adaptive")).native
    assert type(native.get_layer("adaptive_avg_pool")).__name__ == layer


def drawn(session, count):
    """What training mode makes of images of ones."""
    images = np.ones((count, *session.graph.input_shape), np.float32)
    placed = session.place(Batch(images, np.zeros(count, np.int64)))
    return np.asarray(session.native(placed.images, training=True))


def test_stochastic_depth_drops_whole_examples_and_scales_the_rest(open_session):
    net = Builder()
    net.flatten(net.stochastic_depth(net.input((2, 3, 2)), 0.25))
    session = open_session(net.graph("stochastic"))
    rows = drawn(session, 4000)
    assert (rows == rows[:, :1]).all()
    np.testing.assert_allclose(np.unique(rows), [0.0, 4 / 3], rtol=1e-6)
    assert np.mean(rows[:, 0] == 0) == pytest.approx(0.25, abs=0.03)  # four deviations
    assert (drawn(session, 4000) != rows).any()


def test_stochastic_depth_at_rate_0_is_the_identity(open_session):
    net = Builder()
    net.flatten(net.stochastic_depth(net.input((2, 3, 2)), 0.0))
    assert (drawn(open_session(net.graph("stochastic")), 50) == 1).all()


def test_random_layers_have_streams_of_their_own(open_session):
    net = Builder()
    images = net.input((1, 1, 2))
    net.flatten(net.concat(*(net.stochastic_depth(images, 0.5) for _ in range(2))))
    rows = drawn(open_session(net.graph("stochastic")), 200)
    assert (rows[:, 0] != rows[:, 2]).any()
