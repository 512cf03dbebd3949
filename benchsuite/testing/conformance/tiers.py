"""Tiers and the clock: every way of calling the framework is the same network, truly timed."""

import numpy as np
import pytest

from benchsuite.contract import LoopingSession
from benchsuite.measure.clock_checks import clock_flags
from benchsuite.reference.nondegenerate import random_images, random_weights
from benchsuite.testing.conformance.kit import HALVES, Kit, random_batch, reference_logits, require

#: What a compiler may change of float32, beside the tolerance of the native tier.
_COMPILED = 10
#: Looks at a clock: a machine that is busy elsewhere does not deceive all of them.
_LOOKS = 3
#: Large enough for a call to take much longer than its overhead.
_TIMED_SHAPE, _TIMED_IMAGES = (96, 96, 3), 16


class TierTests(Kit):
    """`Setup.tier` changes speed and no number; `synchronize` waits for what was submitted."""

    def test_every_tier_agrees_with_reference(self) -> None:
        """Predictions in each of the backend's tiers."""
        graph = self.network()
        weights, images = random_weights(graph), random_images(graph, 4)
        expected = reference_logits(graph, weights, images)
        for tier in self.create().tiers:
            with self.session(graph, weights, tier=tier) as session:
                logits = session.predict(images)
            allowed = _COMPILED * self.tolerance["fp32"]
            self.require_close(logits, expected, f"predict() in tier '{tier}'", allowed)

    def test_every_tier_trains_alike(self) -> None:
        """Losses of two steps, the second after an update."""
        if not self.trains:
            return
        graph = self.network()
        batches = [random_batch(graph, seed=seed) for seed in (1, 2)]
        losses = {}
        for tier in self.create().tiers:
            with self.session(graph, tier=tier) as session:
                losses[tier] = np.asarray(session.train(batches, [0.01, 0.01]))
        first = losses[next(iter(losses))]
        for tier, found in losses.items():
            what = f"losses in tier '{tier}'"
            self.require_close(found, first, what, _COMPILED * self.tolerance["fp32"])

    def test_loop_of_forward_passes_is_infer(self) -> None:
        """`inferring` has the logits of `infer` bit by bit, after training too, and ends with it.

        In each tier and in half precision. What is trained afterwards is as without it.
        """
        graph = self.network()
        batch = random_batch(graph)
        for way in self.ways():
            with self.session(graph, **way) as session, self.session(graph, **way) as other:
                if not isinstance(session, LoopingSession):
                    pytest.skip("has no inferring")
                if self.trains:
                    for each in (session, other):
                        each.train([batch], [0.01])
                placed = session.place(batch)
                with session.inferring() as infer:
                    found = [self.to_numpy(infer(placed)) for _ in range(2)]
                expected = self.to_numpy(session.infer(placed))
                same = all(np.array_equal(logits, expected) for logits in found)
                require(same, f"inferring() has other logits than infer(), {way}")
                if self.trains:
                    after, without = (s.train([batch], [0.01]) for s in (session, other))
                    allowed = HALVES.get(way.get("precision", ""), 1e-5)
                    self.require_close(
                        after, without, f"the loss after inferring(), {way}", allowed
                    )

    def test_clock_can_be_believed(self) -> None:
        """Nothing is answered from a cache, and `synchronize` returns no sooner than the device."""
        graph = self.network(_TIMED_SHAPE)
        batches = [random_batch(graph, _TIMED_IMAGES, seed=seed) for seed in range(3)]
        with self.session(graph) as session:
            placed = [session.place(batch) for batch in batches]
            for one in placed:
                session.infer(one)
            session.synchronize()
            looks = [set(clock_flags(session, placed, batches)) for _ in range(_LOOKS)]
        found = set.intersection(*looks)
        require(
            not found,
            f"the clock cannot be believed: {', '.join(sorted(found))} "
            "(benchsuite.measure.clock_checks says what that means)",
        )
