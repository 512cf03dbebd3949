import time

import numpy as np
import pytest

from benchsuite.contract import Batch
from benchsuite.measure.clock_checks import clock_flags, waiting_flags

SECONDS = 0.004


class Honest:
    """A device that takes its time, and tells when it is done."""

    def __init__(self):
        self.busy_until = 0.0

    def place(self, batch):
        return batch.images

    def infer(self, placed):
        self.busy_until = time.perf_counter() + SECONDS
        return placed

    def synchronize(self):
        self.finish()

    def predict(self, images):
        self.infer(images)
        self.finish()
        return images.reshape(len(images), -1)

    def finish(self):
        while time.perf_counter() < self.busy_until:
            pass


class Unsynchronized(Honest):
    """Says that it is done when it is not; who wants the logits has to wait."""

    def synchronize(self):
        pass


class Cached(Honest):
    """Computes nothing that it has computed before."""

    def __init__(self):
        super().__init__()
        self.known = set()

    def infer(self, placed):
        key = placed.tobytes()
        if key not in self.known:
            self.known.add(key)
            return super().infer(placed)
        return placed


class Cooled(Honest):
    """Slower after an input was placed, which takes the weights out of the processor's caches."""

    cool = False

    def place(self, batch):
        self.cool = True
        return super().place(batch)

    def infer(self, placed):
        super().infer(placed)
        self.busy_until += SECONDS * 2 * self.cool
        self.cool = False
        return placed


class Slow(Honest):
    """Takes a while to say that there is nothing to wait for."""

    def synchronize(self):
        super().synchronize()
        idle_until = time.perf_counter() + SECONDS / 20
        while time.perf_counter() < idle_until:
            pass


@pytest.mark.parametrize(
    ("kind", "flags"),
    [
        (Honest, []),
        (Cooled, []),
        (Unsynchronized, ["unsynchronized"]),
        (Cached, ["cached"]),
    ],
)
def test_liars_are_caught_by_name(kind, flags):
    session = kind()
    generator = np.random.default_rng(0)
    batches = [Batch(generator.normal(size=(1, 4, 4, 1)), np.zeros(1, np.int64)) for _ in range(3)]
    placed = [session.place(batch) for batch in batches]
    for one in placed:  # each was timed before
        session.infer(one)
        session.finish()

    assert clock_flags(session, placed, batches) == flags


@pytest.mark.parametrize(("kind", "flags"), [(Honest, []), (Slow, ["sync_bound"])])
def test_clock_that_shows_in_a_call_is_named(kind, flags):
    assert waiting_flags(kind(), [round(SECONDS * 1e9)] * 5) == flags
