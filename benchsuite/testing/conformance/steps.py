"""Training to the last digit: gradients, statistics and update rules against the oracle."""

from collections.abc import Callable

import numpy as np
import pytest
from msgspec.structs import replace
from numpy.typing import NDArray

from benchsuite.contract import Batch, UpdateRule
from benchsuite.graph import Builder, Graph
from benchsuite.reference.nondegenerate import random_weights
from benchsuite.reference.oracle import Oracle
from benchsuite.testing.conformance.kit import CLASSES, DTYPES, random_batch
from benchsuite.testing.conformance.training import TrainingKit

#: Momenta, epsilons and decays that no framework has by default, large enough to weigh.
_SGD = UpdateRule(optimizer="sgd", momentum=0.8)
_ADAM = UpdateRule(optimizer="adam", beta1=0.8, beta2=0.95, epsilon=1e-2)
_RMSPROP = UpdateRule(optimizer="rmsprop", momentum=0.5, alpha=0.9, epsilon=1e-2)
_COUPLED = {"weight_decay": 0.1}
_DECOUPLED = {"weight_decay": 0.1, "decay": "decoupled"}
_OF_MATRICES = {"weight_decay": 0.1, "decayed": "matrices"}
#: Below the norms that the chain's gradients have.
_CLIP_NORM = 0.05
RULES = {
    "sgd": _SGD,
    "sgd, coupled": replace(_SGD, **_COUPLED),
    "sgd, decoupled": replace(_SGD, **_DECOUPLED),
    "sgd, of matrices": replace(_SGD, **_OF_MATRICES),
    "adam": _ADAM,
    "adam, coupled": replace(_ADAM, **_COUPLED),
    "adam, decoupled": replace(_ADAM, **_DECOUPLED),
    "rmsprop": _RMSPROP,
    "rmsprop, coupled": replace(_RMSPROP, **_COUPLED),
}
#: What a backend may lack, and then refuses when a session is opened.
FURTHER_RULES = {
    "nesterov": replace(_SGD, nesterov=True, **_COUPLED),
    "clipped": replace(_SGD, clip_norm=_CLIP_NORM, **_COUPLED),
    "adam, clipped": replace(_ADAM, clip_norm=_CLIP_NORM),
    "micro-batches": replace(_SGD, micro_batches=2),
    "focal loss": replace(_SGD, focal_gamma=2.0),
    "averaged": replace(_SGD, ema=0.7),
}
#: Largest error against the oracle, by precision, as a share of the largest figure.
TOLERANCE = {"fp32": 1e-4, "fp64": 1e-9}
#: Batch sizes, in turn; even where a batch is split.
_SIZES, _EVEN_SIZES = (5, 5, 3), (6, 6, 4)


class StepTests(TrainingKit):
    """One and many steps of training, in the highest precision that the backend has."""

    def test_one_step_of_plain_sgd_agrees_with_oracle(self) -> None:
        """The gradient itself: one step without momentum."""
        self._require_steps_agree(_chain(batch_norm=False), UpdateRule(momentum=0.0), ([0.5],))

    @pytest.mark.parametrize("batch_norm", [False, True], ids=["dense", "batch_norm"])
    @pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
    def test_many_steps_agree_with_oracle(self, rule: UpdateRule, batch_norm: bool) -> None:
        """Losses, weights and statistics after twelve steps, the rate dropping by ten.

        Every third batch is smaller; the drop comes between two calls of `train`, so the
        optimiser's state must last, and its velocity must not have taken in the old rate.
        """
        self._require_steps_agree(_chain(batch_norm=batch_norm), rule, ([0.1] * 6, [0.01] * 6))

    @pytest.mark.parametrize("rule", FURTHER_RULES.values(), ids=FURTHER_RULES)
    def test_further_rules_agree_with_oracle(self, rule: UpdateRule) -> None:
        """Likewise, of what a backend may refuse."""
        self._require_steps_agree(_chain(batch_norm=True), rule, ([0.1] * 6, [0.01] * 6))

    @pytest.mark.parametrize("gamma", [0.0, 2.0], ids=["cross-entropy", "focal"])
    def test_shares_of_classes_agree_with_oracle(self, gamma: float) -> None:
        """Labels (N, classes), whose rows' sums are not one."""
        rule = replace(_SGD, focal_gamma=gamma)
        self._require_steps_agree(_chain(batch_norm=True), rule, ([0.1] * 3,), _with_shares)

    @pytest.mark.parametrize("parts", [1, 2], ids=["whole", "micro-batches"])
    def test_drawn_masks_agree_with_oracle(self, parts: int) -> None:
        """Dropouts of elements, of channels' positions and of whole examples."""
        rule, graph = replace(_SGD, micro_batches=parts), network_with_dropouts()

        def with_masks(batch: Batch) -> Batch:
            return Batch(batch.images, batch.labels, random_masks(graph, len(batch.images)))

        self._require_steps_agree(graph, rule, ([0.1] * 3,), with_masks)

    def _require_steps_agree(
        self,
        graph: Graph,
        rule: UpdateRule,
        calls: tuple[list[float], ...],
        changed: Callable[[Batch], Batch] = lambda batch: batch,
    ) -> None:
        self.trainable(graph)
        precision = self.precisions()[-1]
        allowed = TOLERANCE[precision]
        weights = random_weights(graph, dtype=DTYPES[precision])
        oracle = Oracle(graph, weights, rule)
        sizes = _SIZES if rule.micro_batches == 1 else _EVEN_SIZES
        step = 0
        with self.rule_session(graph, weights, precision, rule) as session:
            for rates in calls:
                batches = [
                    changed(random_batch(graph, sizes[i % len(sizes)], seed=i))
                    for i in range(step, step + len(rates))
                ]
                losses = session.train(batches, rates)
                expected = oracle.train(batches, rates)
                step += len(rates)
                self.require_close(losses, expected, f"losses up to step {step}", allowed)
            for name, array in session.weights().items():
                reference = oracle.weights[name]
                self.require_close(array, reference, f"{name} after {step} steps", allowed)
            averaged = session.averaged_weights() if oracle.averages else {}
            for name, reference in oracle.averages.items():
                self.require_close(averaged[name], reference, f"average of {name}", allowed)


def _with_shares(batch: Batch) -> Batch:
    generator = np.random.default_rng(len(batch.labels))
    shares = generator.uniform(0.0, 1.0, (len(batch.labels), CLASSES)).astype(np.float32)
    return Batch(batch.images, shares)


def random_masks(graph: Graph, size: int) -> dict[str, NDArray[np.bool_]]:
    """Half of everything stays, whatever the rate."""
    generator = np.random.default_rng(size)
    shapes = {
        node.name: (size, *node.shape) if node.op == "dropout" else (size,)
        for node in graph.nodes
        if node.op in ("dropout", "stochastic_depth")
    }
    return {name: generator.random(shape) < 0.5 for name, shape in shapes.items()}  # noqa: PLR2004 - half


def network_with_dropouts() -> Graph:
    """Of elements, of channels' positions and of whole examples."""
    net = Builder()
    x = net.conv(net.input((4, 5, 3)), 6, 3, padding=1, name="conv")
    x = net.add(x, net.stochastic_depth(net.tanh(x), 0.5))
    x = net.flatten(net.dropout(x, 0.25))
    x = net.dropout(net.tanh(x), 0.5)
    net.dense(x, CLASSES, name="fc")
    return net.graph("with_dropouts")


def _chain(*, batch_norm: bool) -> Graph:
    net = Builder()
    x = net.dense(net.flatten(net.input((4, 5, 3))), 6, name="fc1")
    if batch_norm:
        x = net.batch_norm(x, name="bn", epsilon=1e-3, momentum=0.3)
    net.dense(net.tanh(x), CLASSES, name="fc2")
    return net.graph("chain")
