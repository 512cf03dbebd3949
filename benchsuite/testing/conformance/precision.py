"""Half precisions, where a backend has them: layers compute in them, weights stay float32."""

from itertools import repeat

import numpy as np
import pytest

from benchsuite.contract import Batch, UpdateRule
from benchsuite.errors import UnsupportedError
from benchsuite.graph import Graph
from benchsuite.reference.nondegenerate import random_images, random_weights
from benchsuite.reference.oracle import Oracle
from benchsuite.testing.conformance.kit import (
    CLASSES,
    HALVES,
    changed,
    linear_network,
    random_batch,
    reference_logits,
    require,
)
from benchsuite.testing.conformance.training import TrainingKit

#: Share of a class that makes every gradient of logits less than fp16's smallest number, 6e-8.
_SMALL_SHARE = 1e-9
#: Below the norm that the linear network's gradient has.
_CLIP_NORM = 0.05
#: Beyond fp16's largest number once it is summed.
_OVERFLOWING = 6e4


class PrecisionTests(TrainingKit):
    """Skips a test where the backend lacks the precision."""

    @pytest.mark.parametrize("precision", HALVES)
    def test_half_precision_predicts_within_its_rounding(self, precision: str) -> None:
        """Float32 logits, close to the reference's, and not those of fp32."""
        graph = self._needs(precision, self.network())
        weights, images = random_weights(graph), random_images(graph)
        with self.session(graph, weights, precision=precision) as session:
            logits = session.predict(images)
        with self.session(graph, weights) as session:
            single = session.predict(images)
        require(logits.dtype == np.float32, f"logits are float32 in {precision}: {logits.dtype}")
        expected = reference_logits(graph, weights, images)
        self.require_close(logits, expected, precision, HALVES[precision])
        require(not np.array_equal(logits, single), f"{precision} computes in fp32")

    @pytest.mark.parametrize("precision", HALVES)
    def test_half_precision_trains_weights_of_float32(self, precision: str) -> None:
        """Thirty steps halve the loss, and steps below the rounding of a half are kept."""
        graph = self._needs(precision, self.network())
        self.trainable(graph)
        batch = random_batch(graph)
        with self.session(graph, precision=precision) as session:
            before = session.weights()
            session.train([batch], [1e-6])
            after = session.weights()
            losses = session.train(repeat(batch, 30), [0.05] * 30)
        moved = bool(changed(before, after))
        require(moved, f"{precision}: a step of 1e-6 is lost, so weights are not float32")
        kinds = {str(array.dtype) for array in after.values()}
        require(kinds == {"float32"}, f"weights are float32 in {precision}, got {sorted(kinds)}")
        require(
            bool(losses[-1] < losses[0] / 2),
            f"thirty steps in {precision} took the loss from {losses[0]:.4f} to {losses[-1]:.4f}",
        )

    def test_fp16_scales_the_loss(self) -> None:
        """A gradient below fp16's smallest number still moves the weights, by the right amount."""
        graph = self._needs("fp16", self.trainable(linear_network()))
        weights, batch = random_weights(graph), random_batch(graph)
        shares = np.eye(CLASSES, dtype=np.float32)[batch.labels] * np.float32(_SMALL_SHARE)
        rule, rate = UpdateRule(momentum=0.0), 1 / _SMALL_SHARE
        small = Batch(batch.images, shares)
        _, gradients = Oracle(graph, weights, rule).loss_and_gradients(small)
        with self.session(graph, weights, precision="fp16", update_rule=rule) as session:
            session.train([small], [rate])
            moved = session.weights()["fc.weight"] - weights["fc.weight"]
        expected = -rate * gradients["fc.weight"]
        self.require_close(moved, expected, "a small gradient in fp16", 1e-2)

    def test_fp16_clips_gradients_without_their_scale(self) -> None:
        """To the norm that the rule has."""
        graph = self._needs("fp16", self.trainable(linear_network()))
        weights, batch = random_weights(graph), random_batch(graph)
        rule = UpdateRule(momentum=0.0, clip_norm=_CLIP_NORM)
        oracle = Oracle(graph, weights, rule)
        oracle.train([batch], [1.0])
        with self.rule_session(graph, weights, "fp16", rule) as session:
            session.train([batch], [1.0])
            moved = session.weights()["fc.weight"] - weights["fc.weight"]
        expected = oracle.weights["fc.weight"] - weights["fc.weight"]
        self.require_close(moved, expected, "a clipped gradient in fp16", 1e-2)

    def test_tf32_is_refused_on_a_cpu(self) -> None:
        """It is a mode of NVIDIA's GPUs."""
        graph = self._needs("tf32", self.network())
        if self.device != "cpu":
            pytest.skip("a GPU may have it")
        message = self.refusal(UnsupportedError, graph, precision="tf32")
        require("'tf32'" in message, f"the refusal must name 'tf32': {message}")

    def test_fp16_leaves_out_a_step_that_overflows(self) -> None:
        """Weights and momentum stay as they are, and the next step is taken."""
        graph = self._needs("fp16", self.trainable(linear_network()))
        batch = random_batch(graph)
        large = Batch(np.full_like(batch.images, _OVERFLOWING), batch.labels)
        with self.session(graph, precision="fp16") as session:
            before = session.weights()
            session.train([large], [0.1])
            after = session.weights()
            session.train([batch], [0.1])
            later = session.weights()
        disturbed = ", ".join(changed(before, after))
        require(not disturbed, f"a step with infinite gradients changed {disturbed}")
        finite = all(np.isfinite(array).all() for array in later.values())
        require(finite, "after a step that was left out, the next one is not finite")
        moved = bool(changed(after, later))
        require(moved, "after a step that was left out, the next one is left out too")

    def _needs(self, precision: str, graph: Graph) -> Graph:
        if precision not in self.create().precisions:
            pytest.skip(f"has no {precision}")
        return graph
