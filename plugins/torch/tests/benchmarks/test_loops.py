"""Matched training of `cnn_basic` beside loops that people write in PyTorch.

pytest plugins/torch/tests/benchmarks/test_loops.py --benchmark-only -s
"""

from functools import partial

import pytest
import torch
from matched import NORMALIZER, RECIPE, draw_split, matched, trace
from torch.nn.functional import cross_entropy

from benchsuite.contract import Setup
from benchsuite.graph.weights import draw_weights
from benchsuite_torch.backend import TorchBackend

#: Of the time of a loop over tensors, of a `DataLoader`'s, and of training without augmentation.
BY_HAND, BY_LOADER, AUGMENTED = 1.0, 1.0, 1.05
#: Steps of a block, half a second, and pairs of blocks.
BLOCKS = {"calls": 20, "rounds": 10}


@pytest.fixture(scope="module")
def split():
    return draw_split()


def open_session():
    graph = trace()
    setup = Setup(normalizer=NORMALIZER, update_rule=RECIPE.update_rule)
    return TorchBackend().open(graph, draw_weights(graph, 0), setup)


def by_session(split, augmentation=()):
    return matched(open_session(), split, augmentation)


def by_hand(split):
    """Tensors indexed by hand, channels last."""
    module = open_session().native.train().to(memory_format=torch.channels_last)
    images = torch.from_numpy(split.images[:]).permute(0, 3, 1, 2)
    labels = torch.from_numpy(split.labels)
    scale, shift = (
        torch.tensor(values).reshape(-1, 1, 1) for values in (NORMALIZER.scale, NORMALIZER.shift)
    )
    optimizer = torch.optim.Adam(module.parameters())

    def run(steps):
        order, losses = torch.randperm(len(labels)), []
        for chosen in order.split(RECIPE.batch_size)[:steps]:
            batch = images[chosen].float().mul_(scale).add_(shift)
            optimizer.zero_grad()
            loss = cross_entropy(module(batch), labels[chosen])
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
        torch.stack(losses).tolist()

    return run


def by_loader(split):
    """The idiomatic division: a `DataLoader` over single images."""
    graph = trace()
    setup = Setup(normalizer=NORMALIZER)
    session = TorchBackend().open_idiomatic(graph, draw_weights(graph, 0), setup, RECIPE)
    images = split.images[:]

    def run(steps):
        count = steps * RECIPE.batch_size
        session.fit(images[:count], split.labels[:count])

    return run


@pytest.mark.parametrize(
    ("theirs", "allowed"), [(by_hand, BY_HAND), (by_loader, BY_LOADER)], ids=["hand", "loader"]
)
def test_matched_training_is_as_fast_as_a_loop(ratio_of, split, theirs, allowed):
    name = f"matched training beside {theirs.__name__}"
    ratio = ratio_of(name, partial(by_session, split), partial(theirs, split), **BLOCKS)
    assert ratio.low <= allowed


def test_augmentation_hides_behind_the_network(ratio_of, split):
    augmented = partial(by_session, split, ("flip", "crop"))
    name = "flip and crop, beside neither"
    ratio = ratio_of(name, augmented, partial(by_session, split), **BLOCKS)
    assert ratio.low <= AUGMENTED
