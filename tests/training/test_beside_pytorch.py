"""The core's schedules and losses beside PyTorch's own."""

import numpy as np
import pytest

from benchsuite.contract import Recipe
from benchsuite.data.batches.mixing import class_weights, targets
from benchsuite.training.schedules import learning_rates

pytestmark = pytest.mark.frameworks
torch = pytest.importorskip("torch")
cross_entropy = torch.nn.functional.cross_entropy
lr_scheduler = torch.optim.lr_scheduler

EPOCHS, STEPS = 12, 5


def of_core(losses=(), **fields):
    recipe = Recipe(epochs=EPOCHS, lr=0.8, **fields)
    return [learning_rates(recipe, epoch, STEPS, losses[:epoch]) for epoch in range(EPOCHS)]


def of_pytorch(make, *, each_step=False, losses=None):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.8)
    scheduler = make(optimizer)
    found = []
    for epoch in range(EPOCHS):
        rates = []
        for _ in range(STEPS):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            if each_step:
                scheduler.step()
        found.append(rates)
        if not each_step:
            scheduler.step(*([losses[epoch]] if losses else []))
    return found


LOSSES = [1.0, 0.9, 0.9, 0.9, 0.9, 0.9, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8]
PAIRS = {
    "step": (
        {"step_epochs": 4, "gamma": 0.3},
        {"make": lambda o: lr_scheduler.StepLR(o, 4, gamma=0.3)},
    ),
    "multi_step": (
        {"milestones": (2, 7), "gamma": 0.3},
        {"make": lambda o: lr_scheduler.MultiStepLR(o, [2, 7], gamma=0.3)},
    ),
    "exponential": (
        {"gamma": 0.7},
        {"make": lambda o: lr_scheduler.ExponentialLR(o, 0.7)},
    ),
    "cosine": (
        {"min_lr": 0.1},
        {
            "make": lambda o: lr_scheduler.CosineAnnealingLR(o, EPOCHS * STEPS, eta_min=0.1),
            "each_step": True,
        },
    ),
    "one_cycle": (
        {},
        {
            "make": lambda o: lr_scheduler.OneCycleLR(
                o, 0.8, total_steps=EPOCHS * STEPS, cycle_momentum=False
            ),
            "each_step": True,
        },
    ),
    "plateau": (
        {"patience": 2, "gamma": 0.5, "losses": LOSSES},
        {
            "make": lambda o: lr_scheduler.ReduceLROnPlateau(o, factor=0.5, patience=2),
            "losses": LOSSES,
        },
    ),
}


@pytest.mark.filterwarnings("ignore:.*lr_scheduler.step.*")  # one step more than there are
@pytest.mark.parametrize("name", PAIRS)
def test_schedules_are_pytorch_s(name):
    ours, theirs = PAIRS[name]
    found = of_core(schedule=name, **ours)
    np.testing.assert_allclose(found, of_pytorch(**theirs), rtol=1e-6)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("how", ["none", "balanced"])
def test_loss_of_targets_is_pytorch_s_own(smoothing, how):
    generator = np.random.default_rng(0)
    labels = np.array([0, 0, 0, 1, 2, 2, 1, 0])
    logits = torch.tensor(generator.normal(size=(8, 3)))
    weights = class_weights(labels, 3, how)
    of_targets = torch.tensor(targets(labels, weights, smoothing))
    if of_targets.is_floating_point():
        of_targets = of_targets.double()
    expected = cross_entropy(
        logits,
        torch.tensor(labels),
        weight=torch.tensor(weights),
        label_smoothing=smoothing,
    )
    assert cross_entropy(logits, of_targets).item() == pytest.approx(expected.item(), rel=1e-6)
