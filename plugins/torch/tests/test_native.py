import sys
from types import ModuleType

import numpy as np
import pytest
import torch
from torch import nn

from benchsuite.contract import Batch, NativeBackend, NativeModel, Setup, UpdateRule
from benchsuite.errors import UnsupportedError, UsageError
from benchsuite_torch import libraries
from benchsuite_torch.backend import TorchBackend
from benchsuite_torch.catalogue import CATALOGUE


class Library(nn.Module):
    """A library's module, with a counter and a table that are no weights."""

    def __init__(self, channels, classes):
        super().__init__()
        self.stem = nn.Conv2d(channels, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.head = nn.Linear(4, classes)
        self.register_buffer("table", torch.arange(3))
        self.head.bias.requires_grad_(requires_grad=False)

    def forward(self, x):
        return self.head(self.norm(self.stem(x)).relu().mean((2, 3)))


MODEL = NativeModel(
    name="library/model",
    backends=("torch",),
    build=lambda input_shape, classes: Library(input_shape[2], classes),
    input_shape=(9, 7, 3),
    classes=5,
    macs=1000,
    smallest=3,
)


def open_native(**options):
    return TorchBackend().open_native(MODEL, (9, 7, 3), 5, Setup(**options))


def test_backend_takes_native_models():
    assert isinstance(TorchBackend(), NativeBackend)


def test_open_native_draws_by_the_seed():
    first, same, other = (open_native(seed=seed).weights() for seed in (1, 1, 2))
    assert all(np.array_equal(first[name], same[name]) for name in first)
    assert not np.array_equal(first["stem.weight"], other["stem.weight"])


def test_open_native_tells_parameters_from_buffers_and_the_rest():
    session = open_native()
    trainable = {name: w.trainable for name, w in session.graph.weights.items()}
    assert trainable == {
        **dict.fromkeys(["stem.weight", "stem.bias", "norm.weight", "norm.bias"], True),
        **dict.fromkeys(["norm.running_mean", "norm.running_var"], False),
        "head.weight": True,
        "head.bias": False,
    }
    assert set(session.weights()) == set(trainable)


def test_open_native_counts_on_the_module():
    session = open_native()
    counts = session.counts()
    assert counts.parameters == session.graph.parameters == 4 * 27 + 4 + 8 + 20
    assert counts.macs == 7 * 5 * 4 * 27 + 20


def test_open_native_trains_and_predicts():
    rule = UpdateRule(optimizer="sgd", momentum=0.9, weight_decay=0.1, decayed="matrices")
    session = open_native(update_rule=rule, precision="fp64")
    generator = np.random.default_rng(0)
    batch = Batch(generator.normal(size=(6, 9, 7, 3)), np.arange(6) % 5)
    before = session.weights()
    losses = session.train([batch] * 30, [0.1] * 30)
    after = session.weights()
    assert losses[-1] < losses[0]
    assert np.array_equal(before["head.bias"], after["head.bias"])
    assert not np.array_equal(before["norm.running_mean"], after["norm.running_mean"])
    session.native.eval()
    images = torch.tensor(batch.images).permute(0, 3, 1, 2)
    expected = session.native(images).detach().numpy()
    np.testing.assert_allclose(session.predict(batch.images), expected, rtol=1e-12)


def test_open_native_takes_weights_under_the_librarys_names():
    session, other = open_native(seed=1), open_native(seed=2)
    session.set_weights(other.weights())
    images = np.ones((2, 9, 7, 3), np.float32)
    assert np.array_equal(session.predict(images), other.predict(images))
    with pytest.raises(UsageError, match=r"do not fit library/model: missing: .*stem\.weight"):
        session.set_weights({})


def test_open_native_refuses_what_the_backend_lacks():
    with pytest.raises(UnsupportedError, match="no precision 'fp8'"):
        open_native(precision="fp8")
    with pytest.raises(UsageError, match="no device 'cuda:9'"):
        open_native(device="cuda:9")


@pytest.fixture
def stand_in(monkeypatch):
    """A function that puts a module with one function in a library's place; what it is told."""

    def install(path, function):
        told = []
        module = ModuleType(path)
        setattr(module, function, lambda *args, **kwargs: told.append((args, kwargs)))
        for name in (path.partition(".")[0], path):
            monkeypatch.setitem(sys.modules, name, module)
        return told

    return install


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("resnet50", {}),
        ("googlenet", {"aux_logits": False, "init_weights": True}),
        ("inception_v3", {"aux_logits": False, "init_weights": True}),
        ("vit_b_16", {"image_size": 96}),
    ],
)
def test_torchvision_is_asked_for_a_module_without_published_weights(stand_in, name, options):
    told = stand_in("torchvision.models", "get_model")
    libraries.MODELS[f"torchvision/{name}"].build((96, 96, 3), 7)
    assert told == [((name,), {"weights": None, "num_classes": 7, **options})]


def test_timm_is_asked_for_a_module_without_published_weights(stand_in):
    told = stand_in("timm", "create_model")
    libraries.MODELS["timm/resnet50"].build((96, 96, 3), 7)
    assert told == [(("resnet50",), {"pretrained": False, "num_classes": 7, "in_chans": 3})]


def test_every_model_of_the_catalogue_is_an_attribute():
    for library, names in CATALOGUE.items():
        for name in names:
            full = f"{library}/{name}"
            model = getattr(libraries, full)
            assert (model.name, model.backends) == (full, ("torch",))
            assert model.trace().macs > 1e6
    with pytest.raises(AttributeError, match="no attribute 'timm/nothing'"):
        getattr(libraries, "timm/nothing")
