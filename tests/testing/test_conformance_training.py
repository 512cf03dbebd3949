"""The kit fails backends that train almost rightly: each breaks one rule."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import pytest

from benchsuite.testing import NumpyBackend, NumpySession, Oracle
from benchsuite.testing.numpy_gradients import DERIVATIVES

# Wrong update rules and gradients.


class _KerasMomentum(Oracle):
    """Pitfall 11: the velocity takes in the learning rate."""

    def update(self, name, gradient, learning_rate):
        velocity = self._first[name]
        velocity[...] = self.rule.momentum * velocity - learning_rate * gradient
        self.weights[name] += velocity


class _NoMomentum(Oracle):
    def direction(self, name, gradient):
        adam = self.rule.optimizer == "adam"
        return super().direction(name, gradient) if adam else gradient


class _EpsilonBeforeCorrection(Oracle):
    """Pitfall 9."""

    def direction(self, name, gradient):
        step = super().direction(name, gradient)
        if self.rule.optimizer == "sgd":
            return step
        root = np.sqrt(1 - self.rule.beta2**self.steps)
        corrected = self._first[name] / (1 - self.rule.beta1**self.steps)
        return corrected * root / (np.sqrt(self._second[name]) + self.rule.epsilon)


class _FixedEpsilon(Oracle):
    """Pitfall 8: an epsilon of its own."""

    def direction(self, name, gradient):
        step = super().direction(name, gradient)
        if self.rule.optimizer == "sgd":
            return step
        first = self._first[name] / (1 - self.rule.beta1**self.steps)
        second = self._second[name] / (1 - self.rule.beta2**self.steps)
        return first / (np.sqrt(second) + 1e-7)


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


class _BiasedVariance(Oracle):
    """Pitfall 4."""

    def batch_statistics(self, node, weights, x):
        of_batch, running = super().batch_statistics(node, weights, x)
        momentum, old = node.attrs["momentum"], weights["running_var"]
        biased = (1 - momentum) * old + momentum * of_batch["running_var"]
        return of_batch, {**running, "running_var": biased}


class _KerasMomentumOfStatistics(Oracle):
    """Pitfall 2: the momentum weighs the old."""

    def batch_statistics(self, node, weights, x):
        of_batch, running = super().batch_statistics(node, weights, x)
        momentum = node.attrs["momentum"]
        for role, rightly in running.items():
            new = (rightly - (1 - momentum) * weights[role]) / momentum
            running[role] = momentum * weights[role] + (1 - momentum) * new
        return of_batch, running


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
    (_KerasMomentum, _MANY),
    (_NoMomentum, _MANY),
    (_EpsilonBeforeCorrection, _MANY),
    (_FixedEpsilon, _MANY),
    (_SummedLoss, _FIRST),
    (_SummedLoss, "test_one_step_of_plain_sgd_agrees_with_oracle"),
    (_LossAfterStep, _FIRST),
    (_LossWithPenalty, _FIRST),
    (_FrozenBias, "test_one_step_of_plain_sgd_agrees_with_oracle"),
    (_BiasedVariance, _MANY),
    (_KerasMomentumOfStatistics, _MANY),
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
