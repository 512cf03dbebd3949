"""A tier has one memory layout, in inference and in training; BatchNorm stays exact in it."""

import numpy as np
import pytest
import torch

from benchsuite.contract import Batch

SHAPE = (32, 32, 32)


def normalising_net(net, x):
    return net.dense(net.flatten(net.batch_norm(x, name="bn", momentum=1.0)), 3, name="fc")


@pytest.mark.parametrize("precision", ["fp32", "fp64", "bf16"])
@pytest.mark.parametrize("tier", ["native", "native+layout"])
def test_training_and_timed_steps_and_inference_share_a_layout(
    trace, draw, open_session, tier, precision
):
    graph, last = trace(SHAPE, normalising_net), tier == "native+layout"
    session = open_session(graph, draw(graph), precision=precision, tier=tier)
    images = np.random.default_rng(0).normal(size=(4, *SHAPE)).astype(np.float32)
    batch, seen = Batch(images, np.arange(4) % 3), []
    session.native.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    session.train([batch, session.place(batch)], [0.1, 0.1])
    session.predict(images)
    assert [x.is_contiguous() for x in seen] == [not last] * 3
    assert [x.is_contiguous(memory_format=torch.channels_last) for x in seen] == [last] * 3
    assert session.settings()["layout"] == ("NHWC" if last else "NCHW")


def test_statistics_of_many_pixels_lose_nothing(trace, draw, open_session):
    """Half of the pixels are alike, as after a ReLU, so that roundings do not cancel."""
    random = np.random.default_rng(0)
    images = np.maximum(random.normal(size=(128, *SHAPE)), 0.3).astype(np.float32)
    graph = trace(SHAPE, normalising_net)
    session = open_session(graph, draw(graph), precision="fp32")
    session.train([Batch(images, random.integers(0, 3, 128))], [0.0])
    found = session.weights()
    values = images.astype(np.float64).reshape(-1, SHAPE[-1])
    np.testing.assert_allclose(found["bn.running_mean"], values.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(found["bn.running_var"], values.var(axis=0, ddof=1), rtol=1e-6)
