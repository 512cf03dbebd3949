"""Predictions: they are the reference's, op by op and network by network."""

import numpy as np
import pytest
from numpy.typing import NDArray

from benchsuite.contract import Batch
from benchsuite.errors import UnsupportedError
from benchsuite.graph import Graph, Shape
from benchsuite.hooks import load_plugins
from benchsuite.reference.nondegenerate import random_images, random_weights
from benchsuite.testing.cases import OpCase, op_cases
from benchsuite.testing.conformance.kit import DTYPES, Kit, reference_logits, require

#: Whole networks at small sizes, odd and even, of one and three channels.
NETWORKS: tuple[tuple[str, Shape], ...] = (
    ("lenet5", (28, 29, 1)),
    ("cnn_advanced", (25, 24, 3)),
    ("resnet18", (33, 36, 3)),
    ("mobilenet_v2", (32, 35, 1)),
)
#: Float32 rounds in every layer: fifty have reached 1.1e-5 where one stays below 1e-5, on CPUs
#: with AVX-512. Float64 tells what is wrong from what is rounded.
_DEEP = 3.0


class ForwardTests(Kit):
    """`predict` and `infer` against the NumPy reference."""

    @pytest.mark.parametrize("case", op_cases(), ids=str)
    def test_op_agrees_with_reference(self, case: OpCase) -> None:
        """Claimed ops agree in each precision, and in fp32 for one image; others are refused."""
        missing = case.graph.ops - self.create().ops
        if missing:
            self.require_op_refused(case.graph, missing)
            return
        if case.refusable and self._refuses(case):
            return
        images = random_images(case.graph, mean=case.mean, spread=case.spread)
        self._require_agreement(case.graph, images)

    def _refuses(self, case: OpCase) -> bool:
        try:
            with self.session(case.graph):
                return False
        except UnsupportedError:
            self.require_op_refused(case.graph, frozenset({case.op}))
            return True

    @pytest.mark.parametrize(("name", "shape"), NETWORKS)
    def test_network_agrees_with_reference(self, name: str, shape: Shape) -> None:
        """Whole architectures, as they are traced."""
        graph = load_plugins().architectures[name].load().trace(shape, 10)
        self.skip_unclaimed(graph)
        self._require_agreement(graph, random_images(graph), _DEEP)

    def _require_agreement(
        self, graph: Graph, images: NDArray[np.float32], more: float = 1.0
    ) -> None:
        """more: times float32's tolerance is allowed."""
        for precision in self.precisions():
            weights = random_weights(graph, dtype=DTYPES[precision])
            expected = reference_logits(graph, weights, images)
            allowed = self.tolerance[precision] * (more if precision == "fp32" else 1.0)
            with self.session(graph, weights, precision=precision) as session:
                logits = session.predict(images)
                alone = session.predict(images[:1]) if precision == "fp32" else logits[:1]
            what = f"{graph.name} in {precision}"
            self.require_close(logits, expected, what, allowed)
            self.require_close(alone, expected[:1], f"{what}, batch 1", allowed)

    def test_predict_repeats_itself(self) -> None:
        """The same images give the same logits, also after other images."""
        graph = self.network()
        images, others = random_images(graph), random_images(graph, 5, seed=1)
        with self.session(graph) as session:
            first = session.predict(images)
            session.predict(others)
            require(np.array_equal(first, session.predict(images)), "predict is not repeatable")

    def test_settings_are_words(self) -> None:
        """The fairness ledger is text under names; at least the memory layout is in it."""
        with self.session(self.network()) as session:
            settings = session.settings()
        words = [*settings, *settings.values()]
        require(
            "layout" in settings and all(isinstance(word, str) and word for word in words),
            f"settings() must give words, 'layout' among them, got {settings}",
        )

    def test_predict_leaves_images_as_they_are(self) -> None:
        """The core's arrays go to every backend: none may write into them."""
        graph = self.network()
        images = random_images(graph)
        before = images.copy()
        with self.session(graph) as session:
            session.predict(images)
        require(np.array_equal(images, before), "predict changed the images it was given")

    def test_predict_takes_any_memory_layout(self) -> None:
        """Views with strides of their own are images too."""
        graph = self.network()
        images = random_images(graph, 6)
        with self.session(graph) as session:
            plain = session.predict(np.ascontiguousarray(images[::-2, :, ::-1]))
            strided = session.predict(images[::-2, :, ::-1])
        require(np.array_equal(plain, strided), "predict misreads arrays that are not contiguous")

    def test_infer_gives_the_numbers_of_predict(self) -> None:
        """`place`, `infer`, `synchronize` is the path that is measured: it must be the same."""
        graph = self.network()
        images = random_images(graph, 4)
        with self.session(graph) as session:
            placed = session.place(Batch(images, np.zeros(4, np.int64)))
            result = session.infer(placed)
            session.synchronize()
            logits = self.to_numpy(result)
            expected = session.predict(images)
        self.require_close(logits, expected, "infer() beside predict()", self.tolerance["fp32"])

    def test_infer_follows_set_weights(self) -> None:
        """A compiled forward pass must not keep the weights that it was traced with."""
        graph = self.network()
        images, weights = random_images(graph, 4), random_weights(graph, seed=1)
        with self.session(graph) as session:
            placed = session.place(Batch(images, np.zeros(4, np.int64)))
            session.infer(placed)
            session.set_weights(weights)
            logits = self.to_numpy(session.infer(placed))
        expected = reference_logits(graph, weights, images)
        self.require_close(logits, expected, "infer() after set_weights", self.tolerance["fp32"])
