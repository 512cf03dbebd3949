"""benchsuite's figures beside those of loops and modules written by hand in PyTorch.

    pytest plugins/torch/tests/benchmarks/test_instrument.py --benchmark-only -s

The proof of the instrument, docs/explanation/instrument.md: on a quiet machine only.
"""

from itertools import cycle, islice
from statistics import median
from time import perf_counter

import pytest
import torch
from figures import by_instrument, inputs
from handwritten.in_torch import MODELS, write
from torch.nn.functional import cross_entropy

from benchsuite.contract import Setup
from benchsuite.graph.weights import draw_weights
from benchsuite.hooks import load_plugins
from benchsuite_torch.backend import TorchBackend

#: A window of the protocol lasts a second: what comes before its first step shows in less.
WINDOWS = {"rounds": 12, "block_s": 0.25}
#: Either the ratio is this near to one, or its interval holds one.
WITHIN = 0.01


def open_session(name):
    _, shape = MODELS[name]
    graph = load_plugins().architectures[name].load().trace(shape, 10)
    return TorchBackend().open(graph, draw_weights(graph, 0), Setup())


def tensors(session, figure):
    return [
        (torch.tensor(batch.images).permute(0, 3, 1, 2).contiguous(), torch.tensor(batch.labels))
        for batch in inputs(session, figure)
    ]


def latency(module, batches):
    images = cycle([images for images, _ in batches])

    def run(calls):
        seconds = []
        with torch.inference_mode():
            for _ in range(calls):
                start = perf_counter()
                module(next(images))
                seconds.append(perf_counter() - start)
        return median(seconds)

    return run


def throughput(module, batches):
    images = cycle([images for images, _ in batches])

    def run(calls):
        with torch.inference_mode():
            for batch in islice(images, calls):
                module(batch)

    return run


def training(module, batches):
    module.train()
    optimizer = torch.optim.SGD(module.parameters(), lr=1e-4, momentum=0.9)
    pairs = cycle(batches)

    def run(calls):
        losses = []
        for images, labels in islice(pairs, calls):
            optimizer.zero_grad()
            loss = cross_entropy(module(images), labels)
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
        torch.stack(losses).tolist()

    return run


@pytest.mark.parametrize("by_hand", [latency, throughput, training])
@pytest.mark.parametrize("name", MODELS)
def test_figure_is_that_of_a_loop_by_hand(ratio_of, name, by_hand):
    figure = by_hand.__name__

    def theirs():
        session = open_session(name)
        return by_hand(write(name, session.weights()), tensors(session, figure))

    ratio = ratio_of(
        f"{figure} of {name}, measured by benchsuite and by hand",
        lambda: by_instrument(open_session(name), figure),
        theirs,
        **({} if figure == "latency" else WINDOWS),
    )
    assert abs(ratio.median - 1) <= WITHIN or ratio.low <= 1 <= ratio.high
