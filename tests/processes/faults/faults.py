"""A plugin whose backends misbehave, each in its own way; given to benchsuite as `-p`."""

import os
import signal
import tempfile
import time

import numpy as np
from benchsuite_example.backend import LinearBackend, LinearSession

from benchsuite import Target, hookimpl
from benchsuite.contract import Counts, Normalizer


class Faulty(LinearBackend):
    def open(self, graph, weights, setup):
        self.misbehave()
        return LinearSession(graph, weights, setup)


class Raises(Faulty):
    def misbehave(self):
        raise ValueError("no such\nkernel")


class Killed(Faulty):
    def misbehave(self):
        print("about to die", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)


class Exits(Faulty):
    def misbehave(self):
        os._exit(7)


class Hangs(Faulty):
    def misbehave(self):
        if os.fork() == 0:  # a child that would outlive its parent
            time.sleep(1000)
        time.sleep(1000)


class Full(Faulty):
    def misbehave(self):
        raise MemoryError("cannot allocate 9 TB")


class Loud(Faulty):
    def misbehave(self):
        os.write(1, b"noise\n" * 200_000)
        print("more noise")


class _WrongCounts(LinearSession):
    def counts(self):
        return Counts(1, 2, "a guess")


class _DivergingSession(LinearSession):
    """In the second step: the first is taken by itself."""

    def train(self, batches, learning_rates):
        losses = super().train(batches, learning_rates)
        return losses if len(losses) == 1 else np.full_like(losses, np.nan)


class _MortalSession(LinearSession):
    """Dies in its third epoch, unless it goes on from a checkpoint.

    The first epoch takes two calls, since its first step is taken by itself.
    """

    lives = 3

    def train(self, batches, learning_rates):
        if self.lives == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self.lives -= 1
        return super().train(batches, learning_rates)

    def set_state(self, state):
        self.lives = 1000
        super().set_state(state)


class DiesInTraining(LinearBackend):
    def open(self, graph, weights, setup):
        trains = setup.normalizer != Normalizer()  # elsewhere its speed is measured
        return (_MortalSession if trains else LinearSession)(graph, weights, setup)


class _SlowSession(LinearSession):
    """Takes three seconds for an epoch, besides the first step."""

    def train(self, batches, learning_rates):
        time.sleep(3.0 if len(learning_rates) > 1 else 0.0)
        return super().train(batches, learning_rates)


class Dawdles(LinearBackend):
    def open(self, graph, weights, setup):
        trains = setup.normalizer != Normalizer()
        return (_SlowSession if trains else LinearSession)(graph, weights, setup)


class _OtherSession(LinearSession):
    def predict(self, images):
        return 2 * super().predict(images)


class _TrainingModeSession(LinearSession):
    """Normalises by the batch at hand, as BatchNorm does in training."""

    def predict(self, images):
        logits = super().predict(images)
        return logits - logits.mean(axis=0)


class _LyingSession(LinearSession):
    """Says that it is done long before its logits are there."""

    def predict(self, images):
        time.sleep(0.005)
        return super().predict(images)

    def infer(self, placed):
        return placed


class _CachedSession(LinearSession):
    """Takes its time for inputs that it has not seen."""

    def __init__(self, *args):
        super().__init__(*args)
        self.seen = {}

    def infer(self, placed):
        if id(placed) not in self.seen:
            time.sleep(0.005)
        self.seen[id(placed)] = placed
        return super().infer(placed)


class OnceForked(LinearBackend):
    """A framework that hangs in a process whose parent has computed something."""

    computed_in = None

    def open(self, graph, weights, setup):
        if OnceForked.computed_in not in (None, os.getpid()):
            raise RuntimeError("forked after the first operation")
        OnceForked.computed_in = os.getpid()
        return super().open(graph, weights, setup)


class Litters(LinearBackend):
    """Leaves a file behind."""

    def open(self, graph, weights, setup):
        tempfile.mkstemp(suffix=".litter")
        return super().open(graph, weights, setup)


class SetsTheClock(LinearBackend):
    """To 1970, as far as this process sees."""

    def __init__(self):
        time.time, time.time_ns = (lambda: 0.0), (lambda: 0)


class OtherLogits(LinearBackend):
    session = _OtherSession

    def open(self, graph, weights, setup):
        return self.session(graph, weights, setup)


class TrainingMode(OtherLogits):
    session = _TrainingModeSession


class Lying(OtherLogits):
    session = _LyingSession


class Cached(OtherLogits):
    session = _CachedSession


class WrongSize(LinearBackend):
    def open(self, graph, weights, setup):
        return _WrongCounts(graph, weights, setup)


class Diverges(LinearBackend):
    def open(self, graph, weights, setup):
        return _DivergingSession(graph, weights, setup)


class _Version(str):
    """As PyTorch's, a version that is text of a type of its own."""

    __slots__ = ()


class OddVersion(LinearBackend):
    def versions(self):
        return {"numpy": _Version(os.environ.get("ODD_VERSION", "1.2"))}


class NoTraining(LinearBackend):
    def open(self, graph, weights, setup):
        from benchsuite.errors import UnsupportedError

        session = super().open(graph, weights, setup)

        def train(batches, learning_rates):
            raise UnsupportedError("this backend does not train")

        session.train = train
        return session


KINDS = (
    *(Raises, Killed, Exits, Hangs, Full, Loud, WrongSize, Diverges, NoTraining, OddVersion),
    *(DiesInTraining, Dawdles, OtherLogits, TrainingMode, Lying, Cached, OnceForked, Litters),
    SetsTheClock,
)


@hookimpl
def benchsuite_backends():
    targets = {
        kind.__name__.lower(): Target(f"faults:{kind.__name__}", "misbehaves", by_default=False)
        for kind in KINDS
    }
    return {**targets, "unimportable": Target("no_such_module:Backend", "no", by_default=False)}
