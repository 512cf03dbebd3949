"""What the parts of the kit share: opening sessions, and comparing with the reference."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from benchsuite.contract import Backend, Batch, Session, Setup
from benchsuite.errors import BenchsuiteError, UnsupportedError
from benchsuite.graph import Builder, Graph, Shape
from benchsuite.graph.weights import Weights
from benchsuite.hooks import load_plugins
from benchsuite.reference.backend import NumpyBackend
from benchsuite.reference.nondegenerate import random_images, random_weights

Array = NDArray[np.floating]
DTYPES: Mapping[str, type[np.floating]] = {"fp32": np.float32, "fp64": np.float64}
#: Largest error of logits, as a share of the largest: a few roundings of 8 and of 11 bits.
HALVES = {"bf16": 5e-2, "fp16": 5e-3}
CLASSES = 4
_BOUNDARY = 64


class Kit:
    """Settings of the kit; a subclass may override any of them."""

    #: name under which a plugin offers the backend
    backend: str = ""
    device: str = "cpu"
    #: False for a backend that only predicts
    trains: bool = True
    #: largest error allowed, as a share of the largest figure, by precision
    tolerance: Mapping[str, float] = MappingProxyType({"fp32": 1e-5, "fp64": 1e-10})

    def create(self) -> Backend:
        """The backend under test, made anew."""
        made: Backend = load_plugins().backends[self.backend].load()()
        return made

    def to_numpy(self, tensor: Any) -> Array:  # noqa: ANN401 - the framework's
        """The framework's own tensor, as `infer` returns it, as an array."""
        return np.asarray(tensor)

    @contextmanager
    def session(
        self,
        graph: Graph,
        weights: Weights | None = None,
        **setup: Any,  # noqa: ANN401 - the fields of Setup
    ) -> Iterator[Session]:
        """A session of the backend, closed at the end; by default with random weights."""
        chosen = random_weights(graph) if weights is None else weights
        opened = self.create().open(graph, chosen, Setup(**{"device": self.device, **setup}))
        try:
            yield opened
        finally:
            opened.close()

    def network(self, shape: Shape = (5, 6, 3)) -> Graph:
        """A small network of as many kinds of weights as the backend claims ops for."""
        return plain_network(self.create().ops, shape)

    def ways(self) -> list[dict[str, Any]]:
        """Every tier, and every half precision that the backend has: of Setup."""
        backend = self.create()
        halves = [half for half in HALVES if half in backend.precisions]
        tiers: list[dict[str, Any]] = [{"tier": tier} for tier in backend.tiers]
        return [*tiers, *({"precision": half} for half in halves)]

    def precisions(self) -> list[str]:
        """The precisions that both the kit and the backend know."""
        known = self.create().precisions
        return [precision for precision in DTYPES if precision in known]

    def skip_unclaimed(self, graph: Graph) -> None:
        """Skip the test where the backend does not claim every op of this graph."""
        if missing := graph.ops - self.create().ops:
            pytest.skip(f"not claimed, so refused: {', '.join(sorted(missing))}")

    def refusal(self, error: type[BenchsuiteError], graph: Graph, **setup: Any) -> str:  # noqa: ANN401 - of Setup
        """What an error says that `open` must raise."""
        try:
            with self.session(graph, **setup):
                pass
        except error as refused:
            return str(refused)
        raise AssertionError(f"{setup or graph.name} was accepted; {error.__name__} is expected")

    def require_op_refused(self, graph: Graph, missing: frozenset[str]) -> None:
        """Fail unless opening the graph is refused for one of the `missing` ops, by name."""
        culprits = [node for node in graph.nodes if node.op in missing]
        message = self.refusal(UnsupportedError, graph)
        require(
            any(f"'{node.op}'" in message and f"'{node.name}'" in message for node in culprits),
            f"the refusal must name the op and the layer in quotes, such as "
            f"'{culprits[0].op}' and '{culprits[0].name}'; it says: {message}",
        )

    def require_close(self, actual: Array, expected: Array, what: str, tolerance: float) -> None:
        """Fail unless the largest difference is within `tolerance` of the largest figure."""
        shapes = f"{what}: expected the shape {expected.shape}, got {actual.shape}"
        require(actual.shape == expected.shape, shapes)
        scale = float(np.abs(expected).max())
        error = float(np.abs(actual - expected).max()) / scale
        require(
            error <= tolerance,
            f"{what}: differs from the reference by {error:.2e} of its largest figure; "
            f"at most {tolerance:.0e} is allowed",
        )


def require(condition: bool, message: str) -> None:
    """Fail the test with `message` unless the condition holds."""
    if not condition:
        raise AssertionError(message)


def aligned(weights: Weights) -> dict[str, Array]:
    """Copies on 64-byte boundaries, which some frameworks borrow where they should copy."""
    return {name: _aligned(array) for name, array in weights.items()}


def _aligned(array: Array) -> Array:
    memory = np.empty(array.nbytes + _BOUNDARY, np.uint8)
    start = -memory.ctypes.data % _BOUNDARY
    view = memory[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    view[...] = array
    return view


def reference_logits(graph: Graph, weights: Weights, images: NDArray[np.float32]) -> Array:
    """The reference's logits in float64, whatever the precision under test."""
    session = NumpyBackend().open(graph, weights, Setup(precision="fp64"))
    return session.predict(images)


def plain_network(ops: frozenset[str], shape: Shape = (5, 6, 3)) -> Graph:
    """A small network of these ops, as far as it has a use for them."""
    net = Builder()
    x = net.input(shape)
    if "conv" in ops:
        x = net.conv(x, 4, 3, padding=1, name="conv")
    x = net.flatten(x)
    if "batch_norm" in ops:
        x = net.batch_norm(x, name="bn")
    if "tanh" in ops:
        x = net.tanh(net.dense(x, 7, name="fc1"))
    net.dense(x, CLASSES, name="fc2")
    return net.graph("plain_network")


def linear_network(shape: Shape = (4, 5, 3)) -> Graph:
    """A dense layer alone, `fc`."""
    net = Builder()
    net.dense(net.flatten(net.input(shape)), CLASSES, name="fc")
    return net.graph("linear")


def changed(before: Weights, after: Weights) -> list[str]:
    """The names under which arrays are not the same bit by bit."""
    return [name for name in before if not np.array_equal(before[name], after[name])]


def random_batch(graph: Graph, count: int = 6, *, seed: int = 0) -> Batch:
    """Normalised images with random classes."""
    generator = np.random.default_rng([seed, count, 1])
    labels = generator.integers(0, graph.output.shape[0], count, dtype=np.int64)
    return Batch(random_images(graph, count, seed=seed), labels)
