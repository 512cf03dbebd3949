"""The kit passes a backend that trains rightly, and fails those that break one rule."""

from __future__ import annotations

import numpy as np
import pytest

from benchsuite.contract import Backend, Batch
from benchsuite.testing import BackendConformance, NumpyBackend, NumpySession, Oracle
from benchsuite.testing.numpy_backend import _normalised
from benchsuite.testing.oracle import cross_entropy


class _Trainer(Oracle):
    """The oracle with dropout, which has a random stream of its own."""

    def __init__(self, graph, weights, setup):
        super().__init__(graph, weights, setup.update_rule)
        self._generator = np.random.default_rng(setup.seed)
        self.layers = {**Oracle.layers, "dropout": self.dropout}

    def dropout(self, attrs, weights, x):
        kept = self._generator.random(x.shape) >= attrs["rate"]
        factor = kept / (1 - attrs["rate"])
        return x * factor, lambda gradient: (gradient * factor, {})


class _TrainingSession(NumpySession):
    trainer_class = _Trainer

    def __init__(self, graph, weights, setup, operations):
        self._setup = setup
        super().__init__(graph, weights, setup, operations)

    def set_weights(self, weights):
        super().set_weights(weights)
        self._trainer = self.trainer_class(self.graph, self._weights, self._setup)

    def place(self, batch):
        return Batch(super().place(batch), batch.labels)

    def infer(self, placed):
        return self.predict(placed.images)

    def train(self, batches, learning_rates):
        losses = self._trainer.train(map(self.place, batches), learning_rates)
        NumpySession.set_weights(self, self._trainer.weights)
        return losses.astype(self._dtype)


class _TrainingBackend(NumpyBackend):
    ops = frozenset({"input", "flatten", "dense", "batch_norm", "tanh", "dropout"})
    session_class = _TrainingSession

    def open(self, graph, weights, setup):
        self._check(graph, setup)
        return self.session_class(graph, weights, setup, self.operations)


class TestTrainingBackend(BackendConformance):
    def create(self) -> Backend:
        return _TrainingBackend()


# Wrong update rules and gradients.


class _KerasMomentum(_Trainer):
    """Pitfall 11: the velocity takes in the learning rate."""

    def _step(self, batch, learning_rate):
        loss, gradients = self.loss_and_gradients(batch)
        for name, gradient in gradients.items():
            velocity = self._first[name]
            velocity[...] = self._rule.momentum * velocity - learning_rate * gradient
            self.weights[name] += velocity
        return loss


class _NoMomentum(_Trainer):
    def direction(self, name, gradient):
        adam = self._rule.optimizer == "adam"
        return super().direction(name, gradient) if adam else gradient


class _EpsilonBeforeCorrection(_Trainer):
    """Pitfall 9."""

    def direction(self, name, gradient):
        step = super().direction(name, gradient)
        if self._rule.optimizer == "sgd":
            return step
        root = np.sqrt(1 - self._rule.beta2**self._steps)
        corrected = self._first[name] / (1 - self._rule.beta1**self._steps)
        return corrected * root / (np.sqrt(self._second[name]) + self._rule.epsilon)


class _FixedEpsilon(_Trainer):
    """Pitfall 8: an epsilon of its own."""

    def direction(self, name, gradient):
        step = super().direction(name, gradient)
        if self._rule.optimizer == "sgd":
            return step
        first = self._first[name] / (1 - self._rule.beta1**self._steps)
        second = self._second[name] / (1 - self._rule.beta2**self._steps)
        return first / (np.sqrt(second) + 1e-7)


class _SummedLoss(_Trainer):
    def loss_and_gradients(self, batch):
        loss, gradients = super().loss_and_gradients(batch)
        count = len(batch.labels)
        return loss * count, {name: gradient * count for name, gradient in gradients.items()}


class _LossAfterStep(_Trainer):
    def _step(self, batch, learning_rate):
        super()._step(batch, learning_rate)
        return self.loss_and_gradients(batch)[0]


class _LossWithPenalty(_Trainer):
    """Pitfall 15: a decay term in the loss."""

    def loss_and_gradients(self, batch):
        loss, gradients = super().loss_and_gradients(batch)
        return loss + 1e-3 * sum(float((w**2).sum()) for w in self.weights.values()), gradients


class _FrozenBias(_Trainer):
    def direction(self, name, gradient):
        return super().direction(name, gradient) * (0 if name == "fc1.bias" else 1)


def _batch_norm_with(change):
    class Changed(_Trainer):
        def __init__(self, graph, weights, setup):
            super().__init__(graph, weights, setup)
            self.layers = {**self.layers, "batch_norm": self.batch_norm}

        def batch_norm(self, attrs, weights, x):
            return change(attrs, weights, x)

    return Changed


def _biased_variance(attrs, weights, x):
    """Pitfall 4."""
    old = weights["running_var"].copy()
    result = Oracle.layers["batch_norm"](attrs, weights, x)
    momentum = attrs["momentum"]
    weights["running_var"][:] = (1 - momentum) * old + momentum * x.var(axis=0)
    return result


def _keras_momentum_of_statistics(attrs, weights, x):
    """Pitfall 2: the momentum weighs the old."""
    turned = {**attrs, "momentum": 1 - attrs["momentum"]}
    return Oracle.layers["batch_norm"](turned, weights, x)


def _statistics_of_evaluation(attrs, weights, x):
    """Pitfall 32: training with the running statistics."""
    deviation = np.sqrt(weights["running_var"] + attrs["epsilon"])
    normal = (x - weights["running_mean"]) / deviation

    def backward(gradient):
        by_role = {"weight": (gradient * normal).sum(axis=0), "bias": gradient.sum(axis=0)}
        return gradient * weights["weight"] / deviation, by_role

    return normal * weights["weight"] + weights["bias"], backward


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
    (_batch_norm_with(_biased_variance), _MANY),
    (_batch_norm_with(_keras_momentum_of_statistics), _MANY),
    (_batch_norm_with(_statistics_of_evaluation), _MANY),
)


@pytest.mark.parametrize(("trainer", "test"), WRONG_TRAINERS)
def test_kit_fails_wrong_trainer(kit_complaints, trainer, test):
    class Session(_TrainingSession):
        trainer_class = trainer

    class Wrong(_TrainingBackend):
        session_class = Session

    assert kit_complaints(Wrong, test, trains=True)


# Wrong dropout.


class _NoDropout(_Trainer):
    def dropout(self, attrs, weights, x):
        return x, lambda gradient: (gradient, {})


class _UnscaledDropout(_Trainer):
    def dropout(self, attrs, weights, x):
        y, backward = super().dropout(attrs, weights, x)
        keep = 1 - attrs["rate"]
        return y * keep, lambda gradient: (backward(gradient)[0] * keep, {})


class _SwappedRate(_Trainer):
    def dropout(self, attrs, weights, x):
        return super().dropout({"rate": 1 - attrs["rate"]}, weights, x)


class _SameDropoutEveryStep(_Trainer):
    def dropout(self, attrs, weights, x):
        self._generator = np.random.default_rng(0)
        return super().dropout(attrs, weights, x)


class _SeedlessDropout(_Trainer):
    def __init__(self, graph, weights, setup):
        super().__init__(graph, weights, setup)
        self._generator = np.random.default_rng()


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


# Wrong sessions.


class _StaysInTraining(_TrainingSession):
    def predict(self, images):
        logits = super().predict(images)
        if any(node.op == "dropout" for node in self.graph.nodes):
            return logits * self._dtype(0.9)
        return logits


class _PredictsTheUntrained(_TrainingSession):
    def train(self, batches, learning_rates):
        before = self._weights
        losses = super().train(batches, learning_rates)
        self._shown, self._weights = self._weights, before
        return losses

    def weights(self):
        return dict(getattr(self, "_shown", self._weights))


class _ForgetsTheOptimiser(_TrainingSession):
    def train(self, batches, learning_rates):
        self._trainer = self.trainer_class(self.graph, self._weights, self._setup)
        return super().train(batches, learning_rates)


class _UsesTheFirstLearningRate(_TrainingSession):
    def train(self, batches, learning_rates):
        self._rate = getattr(self, "_rate", learning_rates[0])
        return super().train(batches, [self._rate] * len(learning_rates))


class _GivesTheMeanLoss(_TrainingSession):
    def train(self, batches, learning_rates):
        return super().train(batches, learning_rates).mean(keepdims=True)


class _GivesFloat64Losses(_TrainingSession):
    def train(self, batches, learning_rates):
        return super().train(batches, learning_rates).astype(np.float64)


class _TrainsOnBytes(_TrainingSession):
    def place(self, batch):
        return Batch(batch.images.astype(np.float32), batch.labels)


class _NormalisesByTheFirstChannel(_TrainingSession):
    def place(self, batch):
        if batch.images.dtype != np.uint8:
            return batch
        one = type(self._normalizer)(self._normalizer.scale[:1], self._normalizer.shift[:1])
        return Batch(_normalised(batch.images, one), batch.labels)


class _PlacesTheFirstImageOnly(_TrainingSession):
    def place(self, batch):
        placed = super().place(batch)
        return Batch(np.repeat(placed.images[:1], len(placed.images), axis=0), placed.labels)

    def train(self, batches, learning_rates):
        losses = self._trainer.train(batches, learning_rates)
        NumpySession.set_weights(self, self._trainer.weights)
        return losses.astype(self._dtype)


class _WritesIntoBatches(_TrainingSession):
    def train(self, batches, learning_rates):
        batches = list(batches)
        losses = super().train(batches, learning_rates)
        for batch in batches:
            batch.images[...] = 0
        return losses


class _TrainsTheGivenArrays(_TrainingSession):
    def __init__(self, graph, weights, setup, operations):
        self._given = weights
        super().__init__(graph, weights, setup, operations)

    def train(self, batches, learning_rates):
        losses = super().train(batches, learning_rates)
        for name, array in self._given.items():
            array[...] = self._weights[name]
        return losses


class _TrainsReturnedArrays(_TrainingSession):
    def weights(self):
        self._returned = super().weights()
        return self._returned

    def train(self, batches, learning_rates):
        losses = super().train(batches, learning_rates)
        for name, array in self._returned.items():
            array[...] = self._weights[name]
        return losses


class _DoesNotTrain(_TrainingSession):
    def train(self, batches, learning_rates):
        losses = [cross_entropy(self.predict(b.images), b.labels)[0] for b in batches]
        return np.array(losses, self._dtype)


_UNTOUCHED = "test_train_leaves_arrays_as_they_are"
_BYTES = "test_train_normalises_bytes"

WRONG_SESSIONS = (
    (_StaysInTraining, "test_dropout_is_off_in_evaluation"),
    (_PredictsTheUntrained, "test_predict_follows_training"),
    (_ForgetsTheOptimiser, _MANY),
    (_UsesTheFirstLearningRate, _MANY),
    (_GivesTheMeanLoss, "test_train_returns_one_loss_per_step"),
    (_GivesFloat64Losses, "test_train_returns_one_loss_per_step"),
    (_TrainsOnBytes, _BYTES),
    (_NormalisesByTheFirstChannel, _BYTES),
    (_PlacesTheFirstImageOnly, "test_train_takes_placed_batches"),
    (_WritesIntoBatches, _UNTOUCHED),
    (_TrainsTheGivenArrays, _UNTOUCHED),
    (_TrainsReturnedArrays, _UNTOUCHED),
    (_DoesNotTrain, "test_train_lowers_the_loss"),
)


@pytest.mark.parametrize(("session", "test"), WRONG_SESSIONS)
def test_kit_fails_wrong_training_session(kit_complaints, session, test):
    class Wrong(_TrainingBackend):
        session_class = session

    assert kit_complaints(Wrong, test, trains=True)
