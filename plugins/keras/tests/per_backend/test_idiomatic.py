import keras
import numpy as np
import pytest

from benchsuite.contract import IdiomaticBackend, Normalizer, Recipe, Setup
from benchsuite.graph import Builder
from benchsuite.testing import random_weights

SETUP = Setup(normalizer=Normalizer((1 / 255,), (-0.5,)), seed=3)


@pytest.fixture
def graph():
    net = Builder()
    x = net.relu(net.batch_norm(net.conv(net.input((6, 6, 1)), 4, 3, name="conv"), name="bn"))
    net.dense(net.flatten(x), 2, name="fc")
    return net.graph("net")


@pytest.fixture
def examples():
    """(40, 6, 6, 1) and (40,): bright above, or bright below."""
    generator = np.random.default_rng(0)
    labels = np.arange(40) % 2
    images = generator.integers(0, 80, (40, 6, 6, 1), np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[3 * label : 3 * label + 3] += 150
    return images, labels


@pytest.fixture
def opened(backend, framework, graph):
    if framework != "tensorflow":
        pytest.skip("tf.data and fit are TensorFlow's: the division is keras-tensorflow's alone")

    def run(setup=SETUP, **fields):
        recipe = Recipe(**{"lr": 0.01, "batch_size": 16, **fields})
        return backend.open_idiomatic(graph, random_weights(graph), setup, recipe)

    return run


def test_only_tensorflow_has_the_division(backend, framework):
    assert isinstance(backend, IdiomaticBackend) == (framework == "tensorflow")


def test_fit_learns_and_returns_the_mean_loss(opened, examples):
    session = opened(optimizer="adam")
    losses = [session.fit(*examples) for _ in range(15)]
    assert 0.2 < losses[0] < 1.5  # of the whole epoch, in which much is learnt already
    assert losses[-1] < 0.1
    images = examples[0].astype(np.float32) / 255 - 0.5
    fitted = keras.ops.convert_to_numpy(session.native(images, training=False))
    np.testing.assert_allclose(session.predict(images), fitted, rtol=1e-5, atol=1e-5)


def test_initial_values_are_keras_own(opened):
    found = opened().weights()
    fans = {"conv": 9 + 4 * 9, "fc": 64 + 2}
    for name, fan in fans.items():
        limit = np.sqrt(6 / fan)
        largest = np.abs(found[f"{name}.weight"]).max()
        assert 0.7 * limit < largest <= limit
        np.testing.assert_array_equal(found[f"{name}.bias"], 0.0)


def test_the_seed_decides_the_initial_values(opened):
    sessions = [opened(Setup(normalizer=SETUP.normalizer, seed=seed)) for seed in (1, 1, 2)]
    kernel, same_kernel, other_kernel = (one.weights()["conv.weight"] for one in sessions)
    np.testing.assert_array_equal(kernel, same_kernel)
    assert not np.array_equal(kernel, other_kernel)


def test_the_seed_decides_how_it_trains(opened, examples):
    losses = [
        opened(Setup(normalizer=SETUP.normalizer, seed=seed)).fit(*examples) for seed in (1, 1, 2)
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    assert losses[0] != pytest.approx(losses[2], rel=1e-3)


@pytest.mark.parametrize(
    ("fields", "kind", "expected"),
    [
        ({"optimizer": "sgd", "momentum": 0.5}, keras.optimizers.SGD, {"momentum": 0.5}),
        ({"optimizer": "rmsprop"}, keras.optimizers.RMSprop, {"rho": 0.9, "momentum": 0.9}),
        ({"optimizer": "adam"}, keras.optimizers.Adam, {"epsilon": 1e-7, "weight_decay": None}),
        ({"optimizer": "adamw"}, keras.optimizers.AdamW, {"weight_decay": 0.004}),
        (
            {"optimizer": "adamw", "weight_decay": 0.2},
            keras.optimizers.AdamW,
            {"weight_decay": 0.2},
        ),
    ],
)
def test_optimizer_is_keras_with_its_defaults(opened, fields, kind, expected):
    optimizer = opened(**fields).native.optimizer
    assert type(optimizer) is kind
    assert float(optimizer.learning_rate) == pytest.approx(0.01)
    assert {name: getattr(optimizer, name) for name in expected} == expected
