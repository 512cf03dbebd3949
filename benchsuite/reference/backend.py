"""The reference backend: runs and trains any graph by its ops' own definitions."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from benchsuite.contract import Batch, Counts, Setup, check_request, check_setup
from benchsuite.graph import OPS, Graph, Node
from benchsuite.graph.ops.arrays import Array
from benchsuite.graph.ops.op import NodeWeights, Operation
from benchsuite.graph.weights import check_weights
from benchsuite.reference.oracle import OPERATIONS, Oracle, normalised

_DTYPES: Mapping[str, type[np.floating]] = {"fp32": np.float32, "fp64": np.float64}


@dataclass(frozen=True, slots=True)
class PlacedBatch:
    """Normalised images (N, H, W, C), and the rest as it was."""

    images: Array
    labels: NDArray[Any]
    masks: Mapping[str, NDArray[np.bool_]]


class NumpySession:
    """One network as NumPy arrays; see `InspectableSession` and `PartedSession` of the contract.

    It always trains in float64, and computes logits in the session's precision.
    """

    #: May be replaced in a subclass, to see a test catch a wrong rule.
    oracle_class = Oracle

    def __init__(
        self,
        graph: Graph,
        weights: Mapping[str, Array],
        setup: Setup,
        operations: Mapping[str, Operation],
    ) -> None:
        self.graph = graph
        self._dtype = _DTYPES[setup.precision]
        self._normalizer = setup.normalizer
        self._operations = operations
        self.set_weights(weights)
        self._setup = setup

    @cached_property
    def _oracle(self) -> Oracle:
        """Made for the first step: inference is to hold no optimiser's state."""
        setup = self._setup
        return self.oracle_class(
            self.graph, self._weights, setup.update_rule, setup.normalizer, setup.seed
        )

    @property
    def native(self) -> Mapping[str, Array]:
        """The arrays themselves, by canonical name."""
        return self._weights

    def predict(self, images: NDArray[np.float32]) -> Array:
        """Logits (N, classes) of normalised images (N, H, W, C), in the session's precision."""
        return self.activations(images)[self.graph.output.name]

    def activations(self, images: NDArray[np.float32]) -> dict[str, Array]:
        """The output of every node by name, the batch first, for images (N, H, W, C)."""
        source, *rest = self.graph.nodes
        values: dict[str, Array] = {source.name: images.astype(self._dtype)}
        for node in rest:
            inputs = [values[name] for name in node.inputs]
            values[node.name] = self._operations[node.op](node.attrs, self._of(node), *inputs)
        return values

    def _of(self, node: Node) -> dict[str, Array]:
        arrays = {weight.role: self._weights[node.weight_name(weight)] for weight in node.weights}
        return {role: array.astype(self._dtype, copy=False) for role, array in arrays.items()}

    def place(self, batch: Batch) -> PlacedBatch:
        """The normalised images of a batch, and its labels."""
        images = normalised(batch.images, self._normalizer, self._dtype)
        return PlacedBatch(np.array(images), np.array(batch.labels), dict(batch.masks))

    def infer(self, placed: PlacedBatch) -> Array:
        """Logits (N, classes) of a placed batch."""
        return self.predict(placed.images)

    def train(
        self, batches: Iterable[Batch | PlacedBatch], learning_rates: Sequence[float]
    ) -> Array:
        """Take one step per batch; the loss before each, (steps,)."""
        seen = map(_as_batch, batches)
        self._oracle.weights = self._weights
        losses: Array = self._oracle.train(seen, learning_rates).astype(self._dtype)
        return losses

    def run_part(
        self, placed: PlacedBatch, part: Literal["forward", "backward"]
    ) -> Array | tuple[Array, list[Array]]:
        """The loss, or the loss and all gradients; running statistics move."""
        self._oracle.weights = self._weights
        backward = part == "backward"
        found, gradients = self._oracle.begin_step(_as_batch(placed), backward=backward)
        loss = np.asarray(found, self._dtype)
        return (loss, list(gradients.values())) if backward else loss

    def gradients(self, batch: Batch) -> tuple[Array, dict[str, Array]]:
        """The loss of a batch in training mode, and its gradient by each trainable weight."""
        self._oracle.weights = self._weights
        loss, gradients = self._oracle.loss_and_gradients(batch)
        return np.asarray(loss, self._dtype), gradients

    def synchronize(self) -> None:
        """Nothing to wait for: NumPy returns when it has finished."""

    def weights(self) -> dict[str, Array]:
        """A copy of every weight and buffer under its canonical name."""
        return {name: array.astype(self._dtype) for name, array in self._weights.items()}

    def averaged_weights(self) -> dict[str, Array]:
        """Moving averages of what is trained, and buffers as they are."""
        averages = {n: array.astype(self._dtype) for n, array in self._oracle.averages.items()}
        return {**self.weights(), **averages}

    def set_weights(self, weights: Mapping[str, Array]) -> None:
        """Replace every weight and buffer. Raises UsageError where names or shapes differ."""
        check_weights(self.graph, weights)
        self._weights: dict[str, Array] = {
            name: weights[name].astype(np.float64) for name in self.graph.weights
        }

    def state(self) -> dict[str, NDArray[Any]]:
        """Everything that the next step depends on."""
        weights = {f"weight/{name}": array.copy() for name, array in self._weights.items()}
        return {**weights, **self._oracle.state()}

    def set_state(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on where another session was, opened alike."""
        self._weights = {name: state[f"weight/{name}"].copy() for name in self.graph.weights}
        self._oracle.set_state(state)

    def counts(self) -> Counts:
        """Elements of the trainable arrays, and MACs by the arrays that one image makes."""
        trainable = (name for name, weight in self.graph.weights.items() if weight.trainable)
        values = self.activations(np.zeros((1, *self.graph.input_shape), np.float32))
        macs = sum(_macs(node, self._of(node), values[node.name]) for node in self.graph.nodes)
        parameters = sum(self._weights[name].size for name in trainable)
        return Counts(parameters, macs, "numpy reference")

    def settings(self) -> dict[str, str]:
        """The layout of its arrays."""
        return {"layout": "NHWC"}

    def device_memory(self) -> None:
        """None: NumPy runs on the CPU."""

    def close(self) -> None:
        """Drop the arrays."""
        self._weights = {}


def _as_batch(batch: Batch | PlacedBatch) -> Batch:
    return Batch(batch.images, batch.labels, batch.masks)


def _macs(node: Node, weights: NodeWeights, output: Array) -> int:
    """Every weight of a linear map meets every position once; attention adds its products."""
    positions: int = output[..., 0].size
    matrices = sum(w.size for role, w in weights.items() if role.endswith("weight"))
    if node.op in ("conv", "dense"):
        return positions * matrices
    if node.op == "self_attention":
        width: int = output.shape[-1]
        return positions * (matrices + 2 * positions * width)
    return 0


class NumpyWorkload:
    """Writes into the same array again and again; see `benchsuite.contract.Workload`."""

    def __init__(
        self, work: Callable[..., Any], operands: tuple[Array, ...], result: Array
    ) -> None:
        self.operands = operands
        self._work, self._result = work, result

    def submit(self) -> Array:
        """The result, complete."""
        self._work(*self.operands, self._result)
        return self._result

    def synchronize(self) -> None:
        """Nothing to wait for."""


class NumpyBackend:
    """Opens any graph as NumPy arrays on the CPU; see `benchsuite.contract.Backend`.

    `operations` and `session_class` may be replaced in a subclass, to see a test catch a wrong
    one.
    """

    name = "numpy"
    ops = frozenset(OPS)
    tiers = ("native",)
    precisions = tuple(_DTYPES)
    operations = OPERATIONS
    session_class = NumpySession

    def versions(self) -> dict[str, str]:
        """NumPy's version."""
        return {"numpy": np.__version__}

    def devices(self) -> tuple[str, ...]:
        """The CPU alone."""
        return ("cpu",)

    def device_name(self, device: str) -> str:
        """The CPU, which the core names."""
        return device

    def open(self, graph: Graph, weights: Mapping[str, Array], setup: Setup) -> NumpySession:
        """A session of the graph. Raises UnsupportedError and UsageError as the contract says."""
        self._check(graph, setup)
        return self.session_class(graph, weights, setup, self.operations)

    def multiply(self, setup: Setup, size: int) -> NumpyWorkload:
        """See `benchsuite.contract.CeilingBackend`."""
        setup = check_setup(self, setup)
        generator, dtype = np.random.default_rng(setup.seed), _DTYPES[setup.precision]
        factors = tuple(generator.standard_normal((size, size)).astype(dtype) for _ in range(2))
        return NumpyWorkload(np.matmul, factors, np.zeros((size, size), dtype))

    def copy(self, setup: Setup, elements: int) -> NumpyWorkload:
        """See `benchsuite.contract.CeilingBackend`."""
        setup = check_setup(self, setup)
        target = np.zeros(elements, _DTYPES[setup.precision])
        generator = np.random.default_rng(setup.seed)
        source = generator.standard_normal(elements, np.float32).astype(target.dtype)
        return NumpyWorkload(lambda source, target: np.copyto(target, source), (source,), target)

    def _check(self, graph: Graph, setup: Setup) -> None:
        """A method of its own, so that a subclass can leave it out to see a test catch that."""
        check_request(self, graph, setup)
