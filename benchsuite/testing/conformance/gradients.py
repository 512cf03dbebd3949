"""The gradient of every op: each is trained, alone and in whole networks."""

from collections.abc import Mapping

import numpy as np
import pytest

from benchsuite.contract import Batch, UpdateRule
from benchsuite.errors import UnsupportedError
from benchsuite.graph import OPS, Graph, Shape
from benchsuite.hooks import load_plugins
from benchsuite.reference.nondegenerate import random_weights
from benchsuite.reference.oracle import Oracle
from benchsuite.testing.cases import EXAMPLE_SHAPES, examples_together, spread_weights
from benchsuite.testing.conformance.forward import NETWORKS
from benchsuite.testing.conformance.kit import DTYPES, Array, random_batch, require
from benchsuite.testing.conformance.steps import random_masks
from benchsuite.testing.conformance.training import TrainingKit

#: The weights' movement in one step of it is their gradient.
_GRADIENT = UpdateRule(momentum=0.0)
#: Largest error of a weight's gradient, as a share of its largest element, by precision.
_TOLERANCE = {"fp32": 1e-3, "fp64": 1e-8}
#: Gradients are compared at this share of the network's largest where they are smaller: the bias
#: in front of a BatchNorm has none but for rounding.
_FLOOR = 1e-4


class GradientTests(TrainingKit):
    """One step of plain SGD, against the oracle's."""

    @pytest.mark.parametrize("shape", EXAMPLE_SHAPES, ids=lambda shape: "x".join(map(str, shape)))
    def test_every_op_passes_gradients_on(self, shape: Shape) -> None:
        """Every example of every claimed op has a layer in front, and its own weights.

        The names of weights are those of the examples: what is wrong is named.
        """
        self._require_gradients(self._examples(shape))

    def test_every_claimed_op_is_trained(self) -> None:
        """Those of the examples are all there are; the ones that a backend may refuse apart."""
        graphs = [self.trainable(self._examples(shape)) for shape in EXAMPLE_SHAPES]
        trained = {op for graph in graphs for op in graph.ops}
        missing = sorted(self.create().ops & frozenset(OPS) - trained)
        require(not missing, f"claimed, and never trained: {', '.join(missing)}")

    @pytest.mark.parametrize(("name", "shape"), NETWORKS)
    def test_networks_have_the_gradients_of_the_reference(self, name: str, shape: Shape) -> None:
        """Whole architectures, with the masks of their dropouts drawn."""
        graph = load_plugins().architectures[name].load().trace(shape, 10)
        self._require_gradients(self.trainable(graph), more=10.0)

    def _examples(self, shape: Shape) -> Graph:
        """All examples of one input shape that the backend takes, in one graph."""
        ops = self.create().ops
        whole = examples_together(shape, ops, refusable=True)
        try:
            with self.session(whole):
                return whole
        except UnsupportedError:
            return examples_together(shape, ops, refusable=False)

    def _require_gradients(self, graph: Graph, more: float = 1.0) -> None:
        """more: times the tolerance is allowed."""
        graph = self.trainable(graph)
        precision = self.precisions()[-1]
        weights = spread_weights(graph.input_shape, random_weights(graph, dtype=DTYPES[precision]))
        plain = random_batch(graph, 4)
        batch = Batch(plain.images, plain.labels, random_masks(graph, 4))
        oracle = Oracle(graph, weights, _GRADIENT)
        _, expected = oracle.begin_step(batch)
        with self.rule_session(graph, weights, precision, _GRADIENT) as session:
            before = session.weights()
            session.train([batch], [1.0])
            after = session.weights()
        found = {name: before[name].astype(np.float64) - after[name] for name in expected}
        self._require_close(found, expected, more * _TOLERANCE[precision])

    def _require_close(
        self, found: Mapping[str, Array], expected: Mapping[str, Array], allowed: float
    ) -> None:
        largest = max(float(np.abs(array).max()) for array in expected.values())
        wrong = {}
        for name, array in expected.items():
            scale = max(float(np.abs(array).max()), _FLOOR * largest)
            error = float(np.abs(found[name] - array).max()) / scale
            if not error <= allowed:
                wrong[name] = error
        said = ", ".join(f"{name} by {error:.1e}" for name, error in wrong.items())
        require(not wrong, f"gradients differ from the reference's (allowed {allowed:.0e}): {said}")
