"""How PyTorch is called in each tier; that the numbers stay is the conformance kit's matter."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from benchsuite.contract import Batch, Setup
from benchsuite.testing import random_images, random_weights
from benchsuite_torch import compilation
from benchsuite_torch.backend import TorchBackend

SHAPE = (8, 8, 3)


def small_net(net, x):
    x = net.relu(net.batch_norm(net.conv(x, 4, 3, padding=1, name="conv"), name="bn"))
    return net.dense(net.flatten(x), 3, name="fc")


@pytest.fixture
def open_session(trace):
    graph = trace(SHAPE, small_net)

    def start(tier):
        return TorchBackend().open(graph, random_weights(graph), Setup(tier=tier))

    return start


def place(session):
    return session.place(Batch(random_images(session.graph, 4), np.zeros(4, np.int64)))


def is_channels_last(tensor):
    return tensor.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("tier", ["native", "user_api"])
def test_native_tier_is_eager_and_channels_first(open_session, tier):
    session = open_session(tier)
    settings = session.settings()

    assert (settings["layout"], settings["mode"]) == ("NCHW", "eager")
    assert settings["cpu_capability"] == torch.backends.cpu.get_cpu_capability()
    assert place(session).images.is_contiguous()
    assert session._forward_pass.args == (session.native,)


def test_layout_tier_has_channels_last_in_model_and_input(open_session):
    session = open_session("native+layout")

    assert session.settings()["layout"] == "NHWC"
    placed = place(session)
    assert is_channels_last(placed.images)
    assert is_channels_last(session.native.conv.weight)
    seen = []
    session.native.conv.register_forward_hook(lambda *args: seen.append(args[2]))
    session.infer(placed)
    assert is_channels_last(seen[0])


def test_compiled_tier_compiles_anew_in_every_process(open_session, monkeypatch):
    compilation._forget_what_was_compiled.cache_clear()  # another test's
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", "/where/the/user/keeps/it")
    session = open_session("compiled")

    assert session.settings()["mode"] == "inductor"
    torch._dynamo.utils.counters.clear()
    session.infer(place(session))
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == 1
    assert any(Path(os.environ["TORCHINDUCTOR_CACHE_DIR"]).iterdir())
    assert "benchsuite-inductor-" in os.environ["TORCHINDUCTOR_CACHE_DIR"]
