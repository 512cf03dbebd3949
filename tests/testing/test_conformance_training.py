"""The kit fails backends that train almost rightly: each breaks one rule."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import pytest
from wrong_trainers import (
    BiasedVariance,
    EpsilonBeforeCorrection,
    FixedEpsilon,
    KerasMomentum,
    KerasMomentumOfStatistics,
)

from benchsuite.testing import NumpyBackend, NumpySession, Oracle
from benchsuite.testing.numpy_gradients import DERIVATIVES

# Wrong update rules and gradients.


class _NoMomentum(Oracle):
    def direction(self, name, gradient):
        adam = self.rule.optimizer == "adam"
        return super().direction(name, gradient) if adam else gradient


class _SummedLoss(Oracle):
    def loss(self, logits, labels):
        loss, gradient = super().loss(logits, labels)
        return loss * len(labels), gradient * len(labels)


class _LossAfterStep(Oracle):
    def _step(self, batch, learning_rate):
        super()._step(batch, learning_rate)
        return self.loss_and_gradients(batch)[0]


class _LossWithPenalty(Oracle):
    """Pitfall 15: a decay term in the loss."""

    def loss(self, logits, labels):
        loss, gradient = super().loss(logits, labels)
        return loss + 1e-3 * sum(float((w**2).sum()) for w in self.weights.values()), gradient


class _FrozenBias(Oracle):
    def direction(self, name, gradient):
        return super().direction(name, gradient) * (0 if name == "fc1.bias" else 1)


def _normalisation_of_evaluation(attrs, weights, inputs, y, g):
    deviation = np.sqrt(weights["running_var"] + attrs["epsilon"])
    normal = (inputs[0] - weights["running_mean"]) / deviation
    by_role = {"weight": (g * normal).sum(axis=0), "bias": g.sum(axis=0)}
    return (g * weights["weight"] / deviation,), by_role


class _StatisticsOfEvaluation(Oracle):
    """Pitfall 32: training with the running statistics."""

    def batch_statistics(self, node, weights, x):
        running = {role: weights[role] for role in ("running_mean", "running_var")}
        return running, running

    derivatives = MappingProxyType({**DERIVATIVES, "batch_norm": _normalisation_of_evaluation})


_MANY = "test_many_steps_agree_with_oracle"
_FIRST = "test_first_loss_is_mean_cross_entropy_before_the_step"

WRONG_TRAINERS = (
    (KerasMomentum, _MANY),
    (_NoMomentum, _MANY),
    (EpsilonBeforeCorrection, _MANY),
    (FixedEpsilon, _MANY),
    (_SummedLoss, _FIRST),
    (_SummedLoss, "test_one_step_of_plain_sgd_agrees_with_oracle"),
    (_LossAfterStep, _FIRST),
    (_LossWithPenalty, _FIRST),
    (_FrozenBias, "test_one_step_of_plain_sgd_agrees_with_oracle"),
    (BiasedVariance, _MANY),
    (KerasMomentumOfStatistics, _MANY),
    (_StatisticsOfEvaluation, _MANY),
)


@pytest.mark.parametrize(("trainer", "test"), WRONG_TRAINERS)
def test_kit_fails_wrong_trainer(kit_complaints, trainer, test):
    class Session(NumpySession):
        oracle_class = trainer

    class Wrong(NumpyBackend):
        session_class = Session

    assert kit_complaints(Wrong, test, trains=True)


# Wrong dropout.


class _NoDropout(Oracle):
    def draw_kept(self, node, shape):
        return np.ones(shape)


class _UnscaledDropout(Oracle):
    def draw_kept(self, node, shape):
        return super().draw_kept(node, shape) * (1 - node.attrs["rate"])


class _SwappedRate(Oracle):
    def draw_kept(self, node, shape):
        rate = 1 - node.attrs["rate"]
        return (self.generator.random(shape) >= rate) / (1 - rate)


class _SameDropoutEveryStep(Oracle):
    def draw_kept(self, node, shape):
        self.generator = np.random.default_rng(0)
        return super().draw_kept(node, shape)


class _SeedlessDropout(Oracle):
    def __init__(self, *args):
        super().__init__(*args)
        self.generator = np.random.default_rng()


_ON = "test_dropout_is_on_in_training"

WRONG_DROPOUTS = (
    (_NoDropout, _ON),
    (_UnscaledDropout, _ON),
    (_SwappedRate, _ON),
    (_SameDropoutEveryStep, _ON),
    (_SameDropoutEveryStep, "test_train_is_deterministic_for_a_seed"),
    (_SeedlessDropout, "test_train_is_deterministic_for_a_seed"),
)


@pytest.mark.parametrize(("trainer", "test"), WRONG_DROPOUTS)
def test_kit_fails_wrong_dropout(kit_complaints, trainer, test):
    test_kit_fails_wrong_trainer(kit_complaints, trainer, test)
