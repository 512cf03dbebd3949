import numpy as np
import pytest
import torch

from benchsuite.contract import IdiomaticBackend, Normalizer, Recipe, Setup
from benchsuite.graph import Builder
from benchsuite.testing import random_weights
from benchsuite_torch.backend import TorchBackend

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
def opened(graph):
    def run(setup=SETUP, **fields):
        recipe = Recipe(**{"lr": 0.01, "batch_size": 16, **fields})
        return TorchBackend().open_idiomatic(graph, random_weights(graph), setup, recipe)

    return run


def test_backend_has_the_division():
    assert isinstance(TorchBackend(), IdiomaticBackend)


def test_fit_learns_and_returns_the_mean_loss(opened, examples):
    session = opened()
    losses = [session.fit(*examples) for _ in range(10)]
    assert losses[0] == pytest.approx(0.7, abs=0.4)
    assert losses[-1] < 0.1
    images = examples[0].astype(np.float32) / 255 - 0.5
    assert (session.predict(images).argmax(axis=1) == examples[1]).all()


def test_fit_sees_every_image_the_incomplete_batch_too(opened, examples, monkeypatch):
    session = opened()
    sizes = []
    forward = session.native.forward
    monkeypatch.setattr(
        session.native, "forward", lambda images: sizes.append(len(images)) or forward(images)
    )
    session.fit(*examples)
    assert sizes == [16, 16, 8]


def test_every_epoch_has_an_order_of_its_own(opened, examples):
    session = opened()
    seen = []
    session.native.register_forward_pre_hook(
        lambda _, inputs: seen.append(inputs[0].sum((1, 2, 3)))
    )
    for _ in range(2):
        session.fit(*examples)
    first, second = (torch.cat(seen[at : at + 3]) for at in (0, 3))
    given = torch.tensor(examples[0] / 255.0 - 0.5).sum((1, 2, 3)).float()
    assert not torch.allclose(first, given)
    assert not torch.allclose(first, second)
    assert torch.allclose(first.sort().values, given.sort().values, atol=1e-4)


def test_initial_values_are_pytorchs_own(opened, graph):
    torch.manual_seed(SETUP.seed)
    expected = [torch.nn.Conv2d(1, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.Linear(64, 2)]
    found = opened().weights()
    for name, layer in zip(("conv", "bn", "fc"), expected, strict=True):
        weight = found[f"{name}.weight"]
        if name == "bn":
            np.testing.assert_array_equal(weight, np.ones(4))
            continue
        bound = 1 / np.sqrt(weight[0].size)
        assert np.abs(weight).max() <= bound
        assert np.abs(weight).max() > 0.5 * bound
        assert weight.shape == tuple(layer.weight.shape)


def test_the_seed_decides(opened, examples):
    first, again, other = (
        opened(Setup(normalizer=SETUP.normalizer, seed=seed)).fit(*examples) for seed in (1, 1, 2)
    )
    assert first == again != other


@pytest.mark.parametrize(
    ("fields", "kind", "expected"),
    [
        ({"optimizer": "sgd", "momentum": 0.5}, torch.optim.SGD, {"momentum": 0.5}),
        ({"optimizer": "rmsprop"}, torch.optim.RMSprop, {"alpha": 0.99, "momentum": 0.9}),
        ({"optimizer": "adam"}, torch.optim.Adam, {"eps": 1e-8, "weight_decay": 0}),
        ({"optimizer": "adamw"}, torch.optim.AdamW, {"weight_decay": 0.01}),
        ({"optimizer": "adamw", "weight_decay": 0.2}, torch.optim.AdamW, {"weight_decay": 0.2}),
    ],
)
def test_optimizer_is_pytorchs_with_its_defaults(opened, fields, kind, expected):
    optimizer = opened(**fields)._own_optimizer
    assert type(optimizer) is kind
    assert optimizer.defaults["lr"] == 0.01
    assert {name: optimizer.defaults[name] for name in expected} == expected
