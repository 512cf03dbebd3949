"""The kit fails backends that train almost rightly: each breaks one rule."""

from types import MappingProxyType

import numpy as np
import pytest
from msgspec.structs import replace
from wrong_trainers import (
    BiasedVariance,
    EpsilonBeforeCorrection,
    FixedEpsilon,
    KerasMomentum,
    KerasMomentumOfStatistics,
)

from benchsuite.reference.oracle import DERIVATIVES
from benchsuite.testing import NumpyBackend, NumpySession, Oracle

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


def _normalisation_of_evaluation(at):
    deviation = np.sqrt(at.weights["running_var"] + at.attrs["epsilon"])
    normal = (at.x - at.weights["running_mean"]) / deviation
    by_role = {"weight": (at.g * normal).sum(axis=0), "bias": at.g.sum(axis=0)}
    return (at.g * at.weights["weight"] / deviation,), by_role


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


# What a recipe may ask for besides.


def _changed(**fields):
    """A trainer that follows another rule than the one that it is given."""

    class Changed(Oracle):
        def __init__(self, graph, weights, rule, *args):
            super().__init__(graph, weights, replace(rule, **fields), *args)

    return Changed


class _ClipsEachTensor(Oracle):
    def clip(self, gradients):
        for name, gradient in gradients.items():
            super().clip({name: gradient})


class _ClipsAfterTheDecay(Oracle):
    def clip(self, gradients):
        for name, gradient in gradients.items():
            if self.rule.decays(self.graph.weights[name]) and self.rule.decay == "coupled":
                np.add(gradient, self.rule.weight_decay * self.weights[name], out=gradient)
        super().clip(gradients)

    def update(self, name, gradient, learning_rate):
        self.weights[name] -= learning_rate * self.direction(name, gradient)


class _AddsMicroBatchesUp(Oracle):
    def backward(self, passed, gradient):
        return super().backward(passed, gradient * self.rule.micro_batches)


class _AveragesFromZero(Oracle):
    def __init__(self, *args):
        super().__init__(*args)
        for average in self.averages.values():
            average[...] = 0.0


class _TakesTheLikeliestClass(Oracle):
    def loss(self, logits, labels):
        return super().loss(logits, labels.argmax(axis=1) if labels.ndim > 1 else labels)


class _DividesByTheSharesSum(Oracle):
    def loss(self, logits, labels):
        shares = labels / labels.sum(axis=1, keepdims=True) if labels.ndim > 1 else labels
        return super().loss(logits, shares)


class _LeavesMasksUnscaled(Oracle):
    def kept(self, node, batch, shape):
        rate = node.attrs["rate"] if node.name in batch.masks else 0
        return super().kept(node, batch, shape) * (1 - rate)


class _DrawsItsOwnMasks(Oracle):
    def kept(self, node, batch, shape):
        return self.draw_kept(node, shape)


_FURTHER, _SHARES = (
    "test_further_rules_agree_with_oracle",
    "test_shares_of_classes_agree_with_oracle",
)
_MASKS = "test_drawn_masks_agree_with_oracle"

WRONG_RULES = (
    (_changed(nesterov=False), _FURTHER),
    (_changed(clip_norm=None), _FURTHER),
    (_ClipsEachTensor, _FURTHER),
    (_ClipsAfterTheDecay, _FURTHER),
    (_changed(micro_batches=1), _FURTHER),
    (_AddsMicroBatchesUp, _FURTHER),
    (_changed(focal_gamma=0.0), _FURTHER),
    (_AveragesFromZero, _FURTHER),
    (_changed(ema=0.5), _FURTHER),
    (_TakesTheLikeliestClass, _SHARES),
    (_DividesByTheSharesSum, _SHARES),
    (_LeavesMasksUnscaled, _MASKS),
    (_DrawsItsOwnMasks, _MASKS),
)


@pytest.mark.parametrize(("trainer", "test"), WRONG_RULES)
def test_kit_fails_what_follows_another_rule(kit_complaints, trainer, test):
    test_kit_fails_wrong_trainer(kit_complaints, trainer, test)


class _ForgetsVelocities(NumpySession):
    def set_state(self, state):
        super().set_state({n: a * 0 if n.startswith("first/") else a for n, a in state.items()})


class _ForgetsItsRandomStream(NumpySession):
    def set_state(self, state):
        super().set_state({**state, "random": self.state()["random"]})


class _ForgetsItsSteps(NumpySession):
    def set_state(self, state):
        super().set_state({**state, "steps": np.array(0)})


class _RoundsItsWeights(NumpySession):
    def set_state(self, state):
        super().set_state(
            {n: a.astype(np.float16) if n.startswith("weight/") else a for n, a in state.items()}
        )


_RESUMED = "test_training_goes_on_from_a_state_bit_by_bit"


@pytest.mark.parametrize(
    ("session", "test"),
    [
        (_ForgetsVelocities, _RESUMED),
        (_ForgetsItsRandomStream, _RESUMED),
        (_ForgetsItsSteps, _RESUMED),
        (_RoundsItsWeights, _RESUMED),
    ],
)
def test_kit_fails_what_does_not_go_on(kit_complaints, session, test):
    class Wrong(NumpyBackend):
        session_class = session

    assert kit_complaints(Wrong, test, trains=True)
