"""Learning rates: each a pure function of the step, computed by the core for every backend.

    constant     lr
    step         lr · gamma^(epoch // step_epochs)     (`torch.optim.lr_scheduler.StepLR`)
    multi_step   lr · gamma^(milestones passed)        (`MultiStepLR`)
    exponential  lr · gamma^epoch                      (`ExponentialLR`)
    cosine       half a cosine from lr to min_lr       (Loshchilov and Hutter 2017, equation 5)
    one_cycle    from lr/25 up to lr in 30 % of the steps, then down to lr/250,000
                                                       (Smith and Topin 2018; `OneCycleLR`)
    plateau      lr · gamma^(times that the validation loss did not fall for more than `patience`
                 epochs)                               (`ReduceLROnPlateau`)

Epochs count from 0. No rate of the first four and of plateau falls below min_lr. In a warm-up
the rate rises to lr in equal steps (Goyal et al. 2017, section 2.2); cosine runs over the rest.
"""

import math
from bisect import bisect_right
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchsuite.contract import Recipe

#: `torch.optim.lr_scheduler.OneCycleLR`'s defaults.
_RISING_SHARE, _FIRST_DIVISOR, _LAST_DIVISOR = 0.3, 25.0, 1e4
#: A loss has fallen once it is smaller by this share (`ReduceLROnPlateau`).
_PLATEAU_THRESHOLD = 1e-4


def learning_rates(
    recipe: Recipe, epoch: int, steps_per_epoch: int, losses: Sequence[float] = ()
) -> NDArray[np.float64]:
    """The learning rate of each step of an epoch, (steps_per_epoch,).

    losses: of the validation split after each epoch so far, which `plateau` alone looks at.
    """
    first, total = epoch * steps_per_epoch, recipe.epochs * steps_per_epoch
    warmup = round(recipe.warmup_epochs * steps_per_epoch)
    factor = gamma_to(recipe, epoch, losses)
    rates = [
        recipe.lr * (step + 1) / warmup
        if step < warmup
        else _at(recipe, step - warmup, total - warmup, factor)
        for step in range(first, first + steps_per_epoch)
    ]
    return np.array(rates)


def _at(recipe: Recipe, step: int, steps: int, factor: float) -> float:
    """The rate of a step of those after the warm-up."""
    if recipe.schedule == "cosine":
        return _between(recipe.lr, recipe.min_lr, step / steps)
    if recipe.schedule == "one_cycle":
        return _one_cycle(recipe.lr, step, steps)
    return max(recipe.min_lr, recipe.lr * factor)


def _one_cycle(highest: float, step: int, steps: int) -> float:
    first = highest / _FIRST_DIVISOR
    peak = _RISING_SHARE * steps - 1
    if step <= peak:
        return _between(first, highest, step / peak)
    return _between(highest, first / _LAST_DIVISOR, (step - peak) / (steps - 1 - peak))


def _between(start: float, end: float, progress: float) -> float:
    """Half a cosine from one rate to the other."""
    return end + (start - end) * (1 + math.cos(math.pi * progress)) / 2


def gamma_to(recipe: Recipe, epoch: int, losses: Sequence[float]) -> float:
    """What `gamma` has made of the rate by now; 1 for schedules without it."""
    exponents = {
        "step": lambda: epoch // recipe.step_epochs,
        "multi_step": lambda: bisect_right(recipe.milestones, epoch),
        "exponential": lambda: epoch,
        "plateau": lambda: _plateaus(losses, recipe.patience),
    }
    exponent = exponents.get(recipe.schedule)
    return recipe.gamma ** exponent() if exponent else 1.0


def _plateaus(losses: Sequence[float], patience: int) -> int:
    """How often the loss has not fallen for more than `patience` epochs in a row."""
    plateaus, waited, best = 0, 0, math.inf
    for loss in losses:
        if loss < best * (1 - _PLATEAU_THRESHOLD):
            best, waited = loss, 0
        else:
            waited += 1
        if waited > patience:
            plateaus, waited = plateaus + 1, 0
    return plateaus
