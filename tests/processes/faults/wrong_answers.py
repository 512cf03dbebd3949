"""A plugin whose backends answer what the contract forbids, each in its own way (`-p`)."""

import numpy as np
from benchsuite_example.backend import LinearBackend, LinearSession

from benchsuite import Target, hookimpl
from benchsuite.contract import Normalizer


def _answering(change):
    """A session whose logits are changed."""

    class Session(LinearSession):
        def predict(self, images):
            return change(super().predict(images))

    return Session


def _losing(change):
    """A session whose losses are changed."""

    class Session(LinearSession):
        def train(self, batches, learning_rates):
            return change(super().train(batches, learning_rates))

    return Session


def _spoilt(logits):
    logits[0, 0] = np.inf
    return logits


class _OneSizeSession(LinearSession):
    """Fills every batch up, and never cuts the answer."""

    def predict(self, images):
        return super().predict(np.resize(images, (8, *images.shape[1:])))


class _LosesItsWeightsSession(LinearSession):
    """The last step's update is no number, which no loss shows."""

    def train(self, batches, learning_rates):
        losses = super().train(batches, learning_rates)
        if len(losses) > 1:  # the first step is taken by itself
            self._weights["fc.weight"][0, 0] = np.nan
        return losses


class _HidesItsWeightsSession(LinearSession):
    """What it computes with is sound, and what it gives away is not."""

    has_trained = False

    def train(self, batches, learning_rates):
        self.has_trained = True
        return super().train(batches, learning_rates)

    def weights(self):
        weights = super().weights()
        if self.has_trained:
            weights["fc.bias"][0] = np.nan
        return weights


class _BlindSession(LinearSession):
    """Trains well, and answers no number from its `blind`th call on where it is trained."""

    blind = 1

    def predict(self, images):
        logits = super().predict(images)
        if self._setup.normalizer != Normalizer():
            self.blind -= 1
            return logits if self.blind > 0 else logits * np.nan
        return logits


class _BlindInTheEndSession(_BlindSession):
    blind = 2


SESSIONS = {
    "wide": _answering(lambda logits: np.hstack([logits, logits[:, :1]])),
    "flat": _answering(lambda logits: logits.ravel()),
    "halves": _answering(lambda logits: logits.astype(np.float16)),
    "doubles": _answering(lambda logits: logits.astype(np.float64)),
    "integers": _answering(lambda logits: logits.astype(np.int64)),
    "lists": _answering(lambda logits: logits.tolist()),
    "nothing": _answering(lambda logits: None),
    "nans": _answering(lambda logits: logits * np.nan),
    "infinite": _answering(_spoilt),
    "onesize": _OneSizeSession,
    "fewlosses": _losing(lambda losses: losses[:-1]),
    "manylosses": _losing(lambda losses: np.stack([losses, losses])),
    "onelossalone": _losing(lambda losses: float(losses.mean())),
    "wholelosses": _losing(lambda losses: losses.astype(np.int64)),
    "infinitelosses": _losing(lambda losses: losses * np.inf),
    "losesitsweights": _LosesItsWeightsSession,
    "hidesitsweights": _HidesItsWeightsSession,
    "blind": _BlindSession,
    "blindintheend": _BlindInTheEndSession,
}


def _backend(session):
    class Backend(LinearBackend):
        def open(self, graph, weights, setup):
            return session(graph, weights, setup)

    return Backend


BACKENDS = {name: _backend(session) for name, session in SESSIONS.items()}
globals().update(BACKENDS)


@hookimpl
def benchsuite_backends():
    return {
        name: Target(f"wrong_answers:{name}", "is wrong", by_default=False) for name in BACKENDS
    }
