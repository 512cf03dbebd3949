"""The kit fails sessions that handle batches, weights or losses almost rightly."""

import numpy as np
import pytest

from benchsuite.contract import Batch
from benchsuite.reference.backend import PlacedBatch
from benchsuite.reference.oracle import mean_loss, normalised
from benchsuite.testing import NumpyBackend, NumpySession

_MANY = "test_many_steps_agree_with_oracle"


class _StaysInTraining(NumpySession):
    def predict(self, images):
        logits = super().predict(images)
        if any(node.op == "dropout" for node in self.graph.nodes):
            return logits * self._dtype(0.9)
        return logits


class _PredictsTheUntrained(NumpySession):
    def train(self, batches, learning_rates):
        self._before = {name: array.copy() for name, array in self.native.items()}
        return super().train(batches, learning_rates)

    def predict(self, images):
        trained = self._weights
        self._weights = getattr(self, "_before", trained)
        logits = super().predict(images)
        self._weights = trained
        return logits


class _ForgetsTheOptimiser(NumpySession):
    def train(self, batches, learning_rates):
        self._oracle = self.oracle_class(self.graph, self.native, self._oracle.rule)
        return super().train(batches, learning_rates)


class _UsesTheFirstLearningRate(NumpySession):
    def train(self, batches, learning_rates):
        self._rate = getattr(self, "_rate", learning_rates[0])
        return super().train(batches, [self._rate] * len(learning_rates))


class _GivesTheMeanLoss(NumpySession):
    def train(self, batches, learning_rates):
        return super().train(batches, learning_rates).mean(keepdims=True)


class _GivesFloat64Losses(NumpySession):
    def train(self, batches, learning_rates):
        return super().train(batches, learning_rates).astype(np.float64)


class _TrainsOnBytes(NumpySession):
    def train(self, batches, learning_rates):
        seen = [Batch(batch.images.astype(np.float32), batch.labels) for batch in batches]
        return super().train(seen, learning_rates)


class _NormalisesByTheFirstChannel(NumpySession):
    def train(self, batches, learning_rates):
        one = type(self._normalizer)(self._normalizer.scale[:1], self._normalizer.shift[:1])
        seen = [Batch(normalised(batch.images, one), batch.labels) for batch in batches]
        return super().train(seen, learning_rates)


class _PlacesTheFirstImageOnly(NumpySession):
    def place(self, batch):
        placed = super().place(batch)
        first = np.repeat(placed.images[:1], len(placed.images), axis=0)
        return PlacedBatch(first, placed.labels, placed.masks)


class _WritesIntoBatches(NumpySession):
    def train(self, batches, learning_rates):
        batches = list(batches)
        losses = super().train(batches, learning_rates)
        for batch in batches:
            batch.images[...] = 0
        return losses


class _TrainsTheGivenArrays(NumpySession):
    def __init__(self, graph, weights, setup, operations):
        self._given = weights
        super().__init__(graph, weights, setup, operations)

    def train(self, batches, learning_rates):
        losses = super().train(batches, learning_rates)
        for name, array in self._given.items():
            array[...] = self.native[name]
        return losses


class _TrainsReturnedArrays(NumpySession):
    def weights(self):
        self._returned = super().weights()
        return self._returned

    def train(self, batches, learning_rates):
        losses = super().train(batches, learning_rates)
        for name, array in self._returned.items():
            array[...] = self.native[name]
        return losses


class _DoesNotTrain(NumpySession):
    def train(self, batches, learning_rates):
        losses = [mean_loss(self.predict(b.images), b.labels, 0.0)[0] for b in batches]
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
    class Wrong(NumpyBackend):
        session_class = session

    assert kit_complaints(Wrong, test, trains=True)
