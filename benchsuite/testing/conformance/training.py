"""Training as a caller sees it: losses, modes, random streams, and what stays untouched."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import repeat
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from benchsuite.contract import Batch, Normalizer, Session, UpdateRule
from benchsuite.errors import UnsupportedError
from benchsuite.graph import Builder, Graph
from benchsuite.graph.weights import Weights
from benchsuite.reference.nondegenerate import random_images, random_weights
from benchsuite.reference.oracle import Oracle
from benchsuite.testing.conformance.kit import (
    Kit,
    aligned,
    changed,
    linear_network,
    random_batch,
    reference_logits,
    require,
)
from benchsuite.training.evaluation import cross_entropy

_PLAIN_SGD = UpdateRule(momentum=0.0)
_DROPOUT_RATE = 0.25
#: Five standard deviations of the share dropped among 432 elements.
_DROPOUT_SLACK = 0.1


class TrainingKit(Kit):
    """Skips a test where the backend does not train, or lacks an op of its network."""

    def trainable(self, graph: Graph) -> Graph:
        """The graph, where the backend can train it."""
        missing = sorted(graph.ops - self.create().ops)
        if not self.trains or missing:
            pytest.skip(f"cannot train this network: {', '.join(missing) or 'forward only'}")
        return graph

    @contextmanager
    def rule_session(
        self, graph: Graph, weights: Weights, precision: str, rule: UpdateRule
    ) -> Iterator[Session]:
        """A session that trains by a rule; skips where the backend refuses it."""
        with ExitStack() as stack:
            try:
                opened = self.session(graph, weights, precision=precision, update_rule=rule)
                session = stack.enter_context(opened)
            except UnsupportedError as refused:
                pytest.skip(str(refused))
            yield session


class TrainingTests(TrainingKit):
    """`train`: one loss per step, the right one, and nothing but the network is changed."""

    def test_train_returns_one_loss_per_step(self) -> None:
        """(steps,) float32, from any iterable, batches of any size."""
        graph = self.trainable(linear_network())
        batches = (random_batch(graph, count, seed=count) for count in (4, 4, 3))
        with self.session(graph) as session:
            losses = session.train(batches, [0.1, 0.1, 0.1])
        require(losses.shape == (3,), f"three steps gave losses of shape {losses.shape}")
        require(losses.dtype == np.float32, f"losses are float32 in fp32, not {losses.dtype}")

    def test_first_loss_is_mean_cross_entropy_before_the_step(self) -> None:
        """Of the initial logits: neither after the update, nor a sum, nor of probabilities."""
        graph = self.trainable(linear_network())
        batch = random_batch(graph)
        with self.session(graph) as session:
            expected = cross_entropy(session.predict(batch.images).astype(np.float64), batch.labels)
            loss = session.train([batch], [1.0])
        self.require_close(loss, np.array([expected]), "the first loss", 1e-5)

    def test_train_lowers_the_loss(self) -> None:
        """Thirty steps on one batch halve it at least."""
        graph = self.trainable(self.network())
        batch = random_batch(graph)
        with self.session(graph) as session:
            losses = session.train(repeat(batch, 30), [0.05] * 30)
        require(
            bool(losses[-1] < losses[0] / 2),
            f"thirty steps took the loss from {losses[0]:.4f} to {losses[-1]:.4f} only",
        )

    def test_train_takes_placed_batches(self) -> None:
        """What `place` returns trains as the batch itself does."""
        graph = self.trainable(linear_network())
        batches = [random_batch(graph, seed=seed) for seed in range(3)]
        with self.session(graph) as raw, self.session(graph) as placed:
            expected = raw.train(batches, [0.1] * 3)
            losses = placed.train([placed.place(batch) for batch in batches], [0.1] * 3)
        self.require_close(losses, expected, "losses of placed batches", 1e-6)

    @pytest.mark.parametrize("placed", [False, True], ids=["raw", "placed"])
    def test_train_normalises_bytes(self, placed: bool) -> None:
        """uint8 images become x · scale + shift, channel by channel."""
        graph = self.trainable(linear_network())
        normalizer = Normalizer(scale=(0.01, 0.02, 0.005), shift=(-1.0, 0.5, 0.0))
        generator = np.random.default_rng(0)
        pixels = generator.integers(0, 256, (6, *graph.input_shape), dtype=np.uint8)
        labels = random_batch(graph, 6).labels
        images = (pixels * np.array(normalizer.scale) + normalizer.shift).astype(np.float32)
        weights = random_weights(graph)
        logits = reference_logits(graph, weights, images).astype(np.float64)
        expected = cross_entropy(logits, labels)
        with self.session(graph, weights, normalizer=normalizer) as session:
            batch: Any = Batch(pixels, labels)
            loss = session.train([session.place(batch) if placed else batch], [0.1])
        self.require_close(loss, np.array([expected]), "the loss of uint8 images", 1e-5)

    def test_predict_follows_training(self) -> None:
        """Afterwards it is the trained network that predicts, and in evaluation mode."""
        graph = self.trainable(self.network())
        images = random_images(graph)
        with self.session(graph) as session:
            session.predict(images)
            session.train(repeat(random_batch(graph), 3), [0.05] * 3)
            logits = session.predict(images)
            expected = reference_logits(graph, session.weights(), images)
        self.require_close(logits, expected, "predict after train", self.tolerance["fp32"])

    def test_train_leaves_arrays_as_they_are(self) -> None:
        """Neither the batch nor the weights given or returned before may change."""
        graph = self.trainable(linear_network())
        batch, weights = random_batch(graph), aligned(random_weights(graph))
        images, labels = batch.images.copy(), batch.labels.copy()
        with self.session(graph, weights) as session:
            returned = session.weights()
            copies = {name: array.copy() for name, array in returned.items()}
            session.train(repeat(batch, 2), [0.5, 0.5])
        require(np.array_equal(batch.images, images), "train changed the images it was given")
        require(np.array_equal(batch.labels, labels), "train changed the labels it was given")
        given = ", ".join(changed(random_weights(graph), weights))
        require(not given, f"train changed the arrays given to open: {given}")
        had = ", ".join(changed(copies, returned))
        require(not had, f"train changed the arrays returned by weights(): {had}")

    def test_train_is_deterministic_for_a_seed(self) -> None:
        """With dropout: the same seed gives the same losses, another seed others."""
        graph = self.trainable(_with_dropout())
        batches = [random_batch(graph, seed=seed) for seed in range(4)]
        first, again, other = (self._losses(graph, batches, seed) for seed in (3, 3, 4))
        self.require_close(again, first, "losses for the same seed", 1e-6)
        require(not np.allclose(other, first, rtol=1e-4), "another seed drops the same elements")

    @pytest.mark.parametrize("optimizer", ["sgd", "adam", "rmsprop"])
    def test_training_goes_on_from_a_state_bit_by_bit(self, optimizer: str) -> None:
        """On a CPU: three steps, then two in another session, are five in one."""
        if self.device != "cpu":
            pytest.skip("only on a CPU is every sum taken in the same order")
        graph = self.trainable(_with_dropout())
        batches = [random_batch(graph, seed=seed) for seed in range(5)]
        rule = UpdateRule(optimizer=optimizer, weight_decay=0.1)  # type: ignore[arg-type]
        with self.session(graph, update_rule=rule) as whole:
            expected = [*whole.train(batches[:3], [0.1] * 3), *whole.train(batches[3:], [0.1] * 2)]
            weights = whole.weights()
        with self.session(graph, update_rule=rule) as first:
            first.train(batches[:3], [0.1] * 3)
            state = {name: array.copy() for name, array in first.state().items()}
        with self.session(graph, update_rule=rule) as second:
            second.set_state(state)
            losses = second.train(batches[3:], [0.1] * 2)
            found = second.weights()
        require(bool(np.array_equal(losses, expected[3:])), "losses after set_state differ")
        differing = ", ".join(changed(weights, found))
        require(not differing, f"after set_state and two steps, {differing} differ")

    def _losses(self, graph: Graph, batches: list[Batch], seed: int) -> NDArray[np.floating]:
        with self.session(graph, seed=seed) as session:
            return session.train(batches, [0.1] * len(batches))

    def test_dropout_is_off_in_evaluation(self) -> None:
        """Before and after a step of training."""
        graph = self.trainable(_with_dropout())
        images = random_images(graph)
        with self.session(graph) as session:
            for _ in range(2):
                expected = reference_logits(graph, session.weights(), images)
                logits = session.predict(images)
                self.require_close(logits, expected, "dropout", self.tolerance["fp32"])
                session.train([random_batch(graph)], [0.1])

    def test_dropout_is_on_in_training(self) -> None:
        """It zeroes elements with the given probability, and scales up those it keeps.

        The gradient of a linear layer with zero weights is its input, up to a known
        factor, so one step of one image shows what dropout let through.
        """
        graph = self.trainable(_with_dropout())
        batch = random_batch(graph, 1)
        kept = self._kept_by_dropout(graph, batch, learning_rates=[1.0])
        require(
            bool(np.all(np.isclose(kept, 0.0) | np.isclose(kept, 1 / (1 - _DROPOUT_RATE), 1e-4))),
            f"dropout of rate {_DROPOUT_RATE} must give 0 or 1/(1 - rate) times its input; "
            f"it gave factors from {kept.min():.3f} to {kept.max():.3f}",
        )
        dropped = float(np.isclose(kept, 0.0).mean())
        require(
            abs(dropped - _DROPOUT_RATE) < _DROPOUT_SLACK,
            f"dropout of rate {_DROPOUT_RATE} dropped {dropped:.2f} of the elements",
        )
        later = self._kept_by_dropout(graph, batch, learning_rates=[0.0, 1.0])
        require(not np.allclose(later, kept), "dropout drops the same elements in every step")

    def _kept_by_dropout(
        self, graph: Graph, batch: Batch, learning_rates: list[float]
    ) -> NDArray[np.floating]:
        """What the last step's dropout multiplied each element of a batch of one image by."""
        zero = {name: np.zeros_like(array) for name, array in random_weights(graph).items()}
        with self.session(graph, zero, update_rule=_PLAIN_SGD) as session:
            session.train(repeat(batch, len(learning_rates)), learning_rates)
            moved = session.weights()["fc.weight"]
        _, gradients = Oracle(linear_network(_WIDE), zero, _PLAIN_SGD).loss_and_gradients(batch)
        return np.asarray(moved[0] / -gradients["fc.weight"][0])


_WIDE = (12, 12, 3)


def _with_dropout() -> Graph:
    net = Builder()
    x = net.dropout(net.flatten(net.input(_WIDE)), _DROPOUT_RATE)
    net.dense(x, 4, name="fc")
    return net.graph("with_dropout")
