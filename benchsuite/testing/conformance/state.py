"""Weights: in and out bit by bit, copied, and refused where they do not fit."""

import numpy as np

from benchsuite.contract import Session
from benchsuite.errors import UsageError
from benchsuite.graph.weights import Weights
from benchsuite.reference.nondegenerate import random_images, random_weights
from benchsuite.testing.conformance.kit import (
    DTYPES,
    Kit,
    aligned,
    changed,
    reference_logits,
    require,
)


class StateTests(Kit):
    """`weights` and `set_weights` under canonical names, in PyTorch's layout."""

    def test_weights_are_those_injected(self) -> None:
        """Bit by bit, under the graph's names, in each precision."""
        graph = self.network()
        for precision in self.precisions():
            weights = random_weights(graph, dtype=DTYPES[precision])
            with self.session(graph, weights, precision=precision) as session:
                _require_same(session.weights(), weights, f"weights() in {precision}")

    def test_set_weights_round_trips(self) -> None:
        """Bit by bit, in each precision."""
        graph = self.network()
        for precision in self.precisions():
            weights = random_weights(graph, seed=1, dtype=DTYPES[precision])
            with self.session(graph, precision=precision) as session:
                session.set_weights(weights)
                _require_same(session.weights(), weights, f"set_weights in {precision}")

    def test_set_weights_changes_predictions(self) -> None:
        """Also after a first prediction, when everything is traced and compiled."""
        graph = self.network()
        images, weights = random_images(graph), random_weights(graph, seed=1)
        expected = reference_logits(graph, weights, images)
        with self.session(graph) as session:
            session.predict(images)
            session.set_weights(weights)
            logits = session.predict(images)
        self.require_close(logits, expected, "set_weights", self.tolerance["fp32"])

    def test_set_weights_refuses_other_names(self) -> None:
        """A weight too few or too many: UsageError that names it, and nothing is changed."""
        weights = random_weights(self.network(), seed=1)
        fewer = {name: array for name, array in weights.items() if name != "fc2.bias"}
        more = {**weights, "fc3.bias": weights["fc2.bias"]}
        self._require_refused(fewer, "fc2.bias")
        self._require_refused(more, "fc3.bias")

    def test_set_weights_refuses_other_shapes(self) -> None:
        """A transposed weight: UsageError that names it, and nothing is changed."""
        weights = random_weights(self.network(), seed=1)
        self._require_refused({**weights, "fc2.weight": weights["fc2.weight"].T}, "fc2.weight")

    def _require_refused(self, weights: Weights, culprit: str) -> None:
        graph = self.network()
        with self.session(graph) as session:
            before = session.weights()
            message = _refusal(session, weights)
            require(culprit in message, f"the refusal must name '{culprit}': {message}")
            _require_same(session.weights(), before, "weights() after a refusal")

    def test_weights_are_copies(self) -> None:
        """Writing into what `open`, `weights` or `set_weights` dealt with changes no network."""
        graph = self.network()
        images, given = random_images(graph), aligned(random_weights(graph))
        with self.session(graph, given) as session:
            expected = session.predict(images)
            _overwrite(given)
            require(np.array_equal(session.predict(images), expected), "open kept an alias")
            _overwrite(session.weights())
            require(np.array_equal(session.predict(images), expected), "weights() is an alias")
            replacement = aligned(random_weights(graph))
            session.set_weights(replacement)
            _overwrite(replacement)
            require(np.array_equal(session.predict(images), expected), "set_weights aliased")

    def test_open_and_set_weights_leave_arrays_as_they_are(self) -> None:
        """The core's arrays go to every backend: none may write into them."""
        graph = self.network()
        weights = random_weights(graph)
        with self.session(graph, weights) as session:
            session.set_weights(weights)
            session.predict(random_images(graph))
        _require_same(weights, random_weights(graph), "the weights given")

    def test_predict_leaves_weights_as_they_are(self) -> None:
        """Evaluation mode: no statistic moves."""
        graph = self.network()
        with self.session(graph) as session:
            before = session.weights()
            session.predict(random_images(graph, 4))
            _require_same(session.weights(), before, "weights() after predict")


def _overwrite(weights: Weights) -> None:
    for array in weights.values():
        if array.flags.writeable:
            array[...] = 7.0


def _refusal(session: Session, weights: Weights) -> str:
    try:
        session.set_weights(weights)
    except UsageError as refused:
        return str(refused)
    raise AssertionError("set_weights accepted weights that do not fit; UsageError is expected")


def _require_same(actual: Weights, expected: Weights, what: str) -> None:
    require(
        actual.keys() == expected.keys(),
        f"{what}: expected the names {sorted(expected)}, got {sorted(actual)}",
    )
    differing = ", ".join(changed(expected, actual))
    require(not differing, f"{what}: {differing} changed; every bit must be kept")
