"""What a network from the graph costs against the same network written by hand.

    pytest plugins/torch/tests/benchmarks --benchmark-only -s

Both sides run the same loop.
"""

import numpy as np
import pytest
import torch
from handwritten.in_torch import MODELS, write
from torch.nn.functional import cross_entropy

from benchsuite.contract import Batch, Setup
from benchsuite.graph.weights import draw_weights
from benchsuite.hooks import load_plugins
from benchsuite_torch.backend import TorchBackend

ALLOWED = 1.02
#: Of a session's own, for each call.
ALLOWED_S = 20e-6
TRAINING_BATCH = 16


def open_session(name):
    _, shape = MODELS[name]
    graph = load_plugins().architectures[name].load().trace(shape, 10)
    return TorchBackend().open(graph, draw_weights(graph, 0), Setup())


def draw_batch(shape, size):
    random = np.random.default_rng(0)
    images = random.normal(size=(size, *shape)).astype(np.float32)
    return Batch(images, random.integers(0, 10, size))


def inference(module, batch):
    """run(calls): forward passes of a single image."""
    image = batch.images[:1].clone()

    def run(calls):
        with torch.inference_mode():
            for _ in range(calls):
                module(image)

    return run


def training(module, batch):
    """run(calls): steps of SGD with momentum."""
    module.train()
    optimizer = torch.optim.SGD(module.parameters(), lr=1e-4, momentum=0.9)

    def run(calls):
        for _ in range(calls):
            optimizer.zero_grad(set_to_none=True)
            cross_entropy(module(batch.images), batch.labels).backward()
            optimizer.step()

    return run


@pytest.mark.parametrize("task", [inference, training])
@pytest.mark.parametrize("name", MODELS)
def test_graph_costs_what_a_hand_written_module_does(ratio_of, name, task):
    shape = MODELS[name][1]
    batch = open_session(name).place(draw_batch(shape, TRAINING_BATCH))
    ratio = ratio_of(
        f"{task.__name__} of {name} from the graph, beside by hand",
        lambda: task(open_session(name).native, batch),
        lambda: task(write(name, open_session(name).weights()), batch),
    )
    assert ratio.low <= ALLOWED


def test_session_costs_microseconds_a_call(ratio_of):
    session = open_session("lenet5")
    batch = session.place(draw_batch(session.graph.input_shape, 1))

    def by_session(calls):
        for _ in range(calls):
            session.infer(batch)

    ratio = ratio_of(
        "infer beside a call of the module",
        lambda: by_session,
        lambda: inference(session.native, batch),
    )
    assert ratio.ours_s - ratio.theirs_s < ALLOWED_S


@pytest.mark.parametrize("name", MODELS)
def test_both_sides_compute_the_same(name):
    session = open_session(name)
    module = write(name, session.weights())
    batch = draw_batch(session.graph.input_shape, 4)
    placed = session.place(batch)
    with torch.inference_mode():
        expected = module(placed.images)
    assert torch.allclose(session.infer(placed), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["lenet5", "resnet18_cifar"])
def test_both_sides_train_the_same(name):
    session = open_session(name)
    module = write(name, session.weights())
    placed = session.place(draw_batch(session.graph.input_shape, 4))
    loss = cross_entropy(module.train()(placed.images), placed.labels)
    assert session.train([placed], [0.0])[0] == pytest.approx(loss.item(), rel=1e-5)
