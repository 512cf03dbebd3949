"""Training to the last digit: gradients, statistics and update rules against the oracle."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from benchsuite.contract import UpdateRule
from benchsuite.graph import Builder, Graph
from benchsuite.testing.conformance.kit import DTYPES, random_batch
from benchsuite.testing.conformance.training import TrainingKit
from benchsuite.testing.nondegenerate import random_weights
from benchsuite.testing.oracle import Oracle

#: Momenta, epsilons and decays that no framework has by default, large enough to weigh.
_SGD = UpdateRule(optimizer="sgd", momentum=0.8)
_ADAM = UpdateRule(optimizer="adam", beta1=0.8, beta2=0.95, epsilon=1e-2)
_RMSPROP = UpdateRule(optimizer="rmsprop", momentum=0.5, alpha=0.9, epsilon=1e-2)
_COUPLED = {"weight_decay": 0.1}
_DECOUPLED = {"weight_decay": 0.1, "decay": "decoupled"}
_OF_MATRICES = {"weight_decay": 0.1, "decayed": "matrices"}
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
#: Largest error against the oracle, by precision, as a share of the largest figure.
TOLERANCE = {"fp32": 1e-4, "fp64": 1e-9}
#: Batch sizes, in turn.
_SIZES = (5, 5, 3)


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

    def _require_steps_agree(
        self, graph: Graph, rule: UpdateRule, calls: tuple[list[float], ...]
    ) -> None:
        self.trainable(graph)
        precision = self.precisions()[-1]
        allowed = TOLERANCE[precision]
        weights = random_weights(graph, dtype=DTYPES[precision])
        oracle = Oracle(graph, weights, rule)
        step = 0
        with self.session(graph, weights, precision=precision, update_rule=rule) as session:
            for rates in calls:
                batches = [
                    random_batch(graph, _SIZES[i % len(_SIZES)], seed=i)
                    for i in range(step, step + len(rates))
                ]
                losses = session.train(batches, rates)
                expected = oracle.train(batches, rates)
                step += len(rates)
                self.require_close(losses, expected, f"losses up to step {step}", allowed)
            for name, array in session.weights().items():
                reference = oracle.weights[name]
                self.require_close(array, reference, f"{name} after {step} steps", allowed)


def _chain(*, batch_norm: bool) -> Graph:
    net = Builder()
    x = net.dense(net.flatten(net.input((4, 5, 3))), 6, name="fc1")
    if batch_norm:
        x = net.batch_norm(x, name="bn", epsilon=1e-3, momentum=0.3)
    net.dense(net.tanh(x), 4, name="fc2")
    return net.graph("chain")
