"""A training step's parts: `run_part`, of sessions that have it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from numpy.typing import NDArray

from benchsuite.contract import Batch, PartedSession, UpdateRule
from benchsuite.graph import Graph
from benchsuite.reference.nondegenerate import random_weights
from benchsuite.reference.oracle import Oracle
from benchsuite.testing.conformance.kit import DTYPES, HALVES, changed, random_batch, require
from benchsuite.testing.conformance.steps import TOLERANCE, network_with_dropouts, random_masks
from benchsuite.testing.conformance.training import TrainingKit

_RULES = {"whole": UpdateRule(), "micro-batches": UpdateRule(micro_batches=2)}


class PartTests(TrainingKit):
    """The beginning of the step that `train` would take, and no step."""

    @pytest.mark.parametrize("rule", _RULES.values(), ids=_RULES)
    def test_parts_have_the_loss_of_the_step(self, rule: UpdateRule) -> None:
        """In training mode, and with the rule's micro-batches."""
        graph = self.trainable(self.network())
        with self._parted(graph, rule) as session:
            self._require_losses_of_the_step(session, random_batch(graph), "the loss")

    def test_parts_heed_masks(self) -> None:
        """What a batch says of its dropouts."""
        graph = self.trainable(network_with_dropouts())
        batch = random_batch(graph)
        batch = Batch(batch.images, batch.labels, random_masks(graph, len(batch.images)))
        with self._parted(graph, UpdateRule()) as session:
            self._require_losses_of_the_step(session, batch, "with masks, the loss")

    @pytest.mark.parametrize("rule", _RULES.values(), ids=_RULES)
    def test_backward_has_every_gradient(self, rule: UpdateRule) -> None:
        """As many numbers as there are trainable ones, of the oracle's length all together.

        That holds in whichever order and layout the framework has them.
        """
        graph = self.trainable(self.network())
        batch, precision = random_batch(graph), self.precisions()[-1]
        weights = random_weights(graph, dtype=DTYPES[precision])
        _, by_name = Oracle(graph, weights, rule).begin_step(batch)
        with self._parted(graph, rule) as session:
            _, gradients = session.run_part(session.place(batch), "backward")
            arrays = [self.to_numpy(gradient) for gradient in gradients]
        count = sum(array.size for array in arrays)
        require(count == graph.parameters, f"{count} gradients of {graph.parameters} weights")
        found, expected = map(_length, (arrays, by_name.values()))
        self.require_close(found, expected, "the gradients' length", TOLERANCE[precision])

    def test_parts_take_no_step(self) -> None:
        """What is trained stays as it is bit by bit, and the next steps are as without them."""
        graph = self.trainable(self.network())
        batches = [random_batch(graph, seed=seed) for seed in range(3)]
        rule = UpdateRule(momentum=0.8)
        trained = [name for name, weight in graph.weights.items() if weight.trainable]
        with self._parted(graph, rule) as session, self._parted(graph, rule) as other:
            placed = session.place(batches[0])
            for batch in batches:
                before = session.weights()
                session.run_part(placed, "forward")
                session.run_part(placed, "backward")
                session.synchronize()
                after = session.weights()
                moved = [name for name in changed(before, after) if name in trained]
                require(not moved, f"run_part changed {', '.join(moved)}")
                found, expected = (each.train([batch], [0.1]) for each in (session, other))
                self.require_close(found, expected, "the loss of a step after parts", 1e-6)

    def test_parts_run_in_every_tier_and_in_half_precision(self) -> None:
        """With the loss that the step has there."""
        graph = self.trainable(self.network())
        for way in self.ways():
            with self.session(graph, **way) as session:
                if not isinstance(session, PartedSession):
                    pytest.skip("has no run_part")
                allowed = HALVES.get(way.get("precision", ""), 1e-5)
                batch, what = random_batch(graph), f"in {way}, the loss"
                self._require_losses_of_the_step(session, batch, what, allowed)

    def _require_losses_of_the_step(
        self, session: PartedSession, batch: Batch, what: str, allowed: float = 1e-6
    ) -> None:
        placed = session.place(batch)
        forward = session.run_part(placed, "forward")
        backward, _ = session.run_part(placed, "backward")
        expected = session.train([placed], [0.1])[0]
        for part, loss in (("forward", forward), ("backward", backward)):
            self.require_close(self.to_numpy(loss), expected, f"{what} of {part}", allowed)

    @contextmanager
    def _parted(self, graph: Graph, rule: UpdateRule) -> Iterator[PartedSession]:
        """In the highest precision; skips where sessions have no parts."""
        precision = self.precisions()[-1]
        weights = random_weights(graph, dtype=DTYPES[precision])
        with self.rule_session(graph, weights, precision, rule) as session:
            if not isinstance(session, PartedSession):
                pytest.skip("has no run_part")
            yield session


def _length(arrays: Iterable[NDArray[np.floating]]) -> NDArray[np.floating]:
    """Of the vector that they are together."""
    squares = [(array.astype(np.float64) ** 2).sum() for array in arrays]
    return np.asarray(np.sqrt(np.sum(squares)))
