"""A backend in one file: linear networks in NumPy, with gradients written by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchsuite.contract import Batch, Counts, Session, Setup, UpdateRule
from benchsuite.errors import UnsupportedError, UsageError
from benchsuite.graph import Graph
from benchsuite.graph.weights import check_weights

Array = NDArray[Any]
_TYPES = {"fp32": np.float32, "fp64": np.float64}


class LinearBackend:
    """Flatten and dense layers, one after the other."""

    name = "numpy-linear"
    ops = frozenset({"input", "flatten", "dense"})
    tiers = ("native",)
    precisions = tuple(_TYPES)

    def versions(self) -> Mapping[str, str]:
        """The library that computes."""
        return {"numpy": np.__version__}

    def devices(self) -> Sequence[str]:
        """NumPy knows one device."""
        return ("cpu",)

    def device_name(self, device: str) -> str:
        """NumPy does not know the processor's name."""
        return device

    def open(self, graph: Graph, weights: Mapping[str, Array], setup: Setup) -> Session:
        """Refuse what is not supported, else return a session."""
        for node in graph.nodes:
            if node.op not in self.ops:
                raise UnsupportedError(
                    f"backend '{self.name}' has no lowering for op '{node.op}', which layer "
                    f"'{node.name}' needs; it lowers: {', '.join(sorted(self.ops))}"
                )
        for kind, value, known in (
            ("tier", setup.tier, self.tiers),
            ("precision", setup.precision, self.precisions),
        ):
            if value not in known:
                raise UnsupportedError(
                    f"backend '{self.name}' has no {kind} '{value}'; it has {', '.join(known)}"
                )
        if setup.device not in self.devices():
            raise UsageError(f"backend '{self.name}' has no device '{setup.device}'; it has cpu")
        return LinearSession(graph, weights, setup)


class LinearSession:
    """One linear network."""

    def __init__(self, graph: Graph, weights: Mapping[str, Array], setup: Setup) -> None:
        self.graph = graph
        self._setup = setup
        self._type = _TYPES[setup.precision]
        self._dense = [node for node in graph.nodes if node.op == "dense"]
        self._optimizer = _Optimizer(setup.update_rule)
        self.set_weights(weights)

    @property
    def native(self) -> dict[str, Array]:
        """The arrays themselves."""
        return self._weights

    def predict(self, images: Array) -> NDArray[np.float32]:
        """Logits (N, classes)."""
        return self._forward(images.astype(self._type))[-1].astype(np.float32)

    def place(self, batch: Batch) -> Batch:
        """Nothing to move."""
        return batch

    def infer(self, placed: Batch) -> Array:
        """Logits (N, classes)."""
        return self._forward(placed.images.astype(self._type))[-1]

    def train(
        self, batches: Iterable[Batch | Any], learning_rates: Sequence[float]
    ) -> NDArray[np.float32]:
        """One step per batch."""
        steps = zip(batches, learning_rates, strict=True)
        losses = [self._step(batch, rate) for batch, rate in steps]
        return np.array(losses, np.float32)

    def synchronize(self) -> None:
        """NumPy has finished when it returns."""

    def weights(self) -> dict[str, Array]:
        """Copies, under canonical names."""
        return {name: array.copy() for name, array in self._weights.items()}

    def set_weights(self, weights: Mapping[str, Array]) -> None:
        """Copy them in."""
        check_weights(self.graph, weights)
        self._weights = {name: weights[name].astype(self._type) for name in self.graph.weights}

    def counts(self) -> Counts:
        """From the arrays, not the graph."""
        macs = sum(self._weights[f"{node.name}.weight"].size for node in self._dense)
        parameters = sum(array.size for array in self._weights.values())
        return Counts(parameters, macs, "sizes of the arrays")

    def settings(self) -> Mapping[str, str]:
        """What a reader must know to compare."""
        return {"layout": "NHWC"}

    def device_memory(self) -> None:
        """None: a CPU."""

    def close(self) -> None:
        """Nothing to free."""

    def _forward(self, images: Array) -> list[Array]:
        """The input of each dense layer, and the logits."""
        values = [images.transpose(0, 3, 1, 2).reshape(len(images), -1)]  # (N, C·H·W)
        for node in self._dense:
            weight = self._weights[f"{node.name}.weight"]  # (units, F)
            bias = self._weights.get(f"{node.name}.bias", 0)
            values.append(values[-1] @ weight.T + bias)
        return values

    def _step(self, batch: Batch, learning_rate: float) -> float:
        *inputs, logits = self._forward(self._normalized(batch.images))
        rows = np.arange(len(logits))
        shifted = logits - logits.max(axis=1, keepdims=True)
        log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        gradient = np.exp(log_probabilities)
        gradient[rows, batch.labels] -= 1
        gradient /= len(rows)  # (N, classes): of the mean loss
        updates: dict[str, Array] = {}
        for node, x in zip(reversed(self._dense), reversed(inputs), strict=True):
            updates[f"{node.name}.weight"] = gradient.T @ x
            if f"{node.name}.bias" in self._weights:
                updates[f"{node.name}.bias"] = gradient.sum(axis=0)
            gradient = gradient @ self._weights[f"{node.name}.weight"]
        for name, update in updates.items():
            self._weights[name] -= self._optimizer.step(name, update, learning_rate)
        return float(-log_probabilities[rows, batch.labels].mean())

    def _normalized(self, images: Array) -> Array:
        if images.dtype != np.uint8:
            return images.astype(self._type)
        scale = np.asarray(self._setup.normalizer.scale, self._type)
        shift = np.asarray(self._setup.normalizer.shift, self._type)
        return images.astype(self._type) * scale + shift


class _Optimizer:
    """What is subtracted from each weight, by the formulas of `UpdateRule`."""

    def __init__(self, rule: UpdateRule) -> None:
        self._rule = rule
        self._state: dict[str, tuple[Any, Any, int]] = {}

    def step(self, name: str, gradient: Array, learning_rate: float) -> Array:
        first, second, count = self._state.get(name, (0.0, 0.0, 0))
        rule, count = self._rule, count + 1
        if rule.optimizer == "sgd":
            first = rule.momentum * first + gradient
            self._state[name] = (first, second, count)
            return learning_rate * first
        first = rule.beta1 * first + (1 - rule.beta1) * gradient
        second = rule.beta2 * second + (1 - rule.beta2) * gradient**2
        self._state[name] = (first, second, count)
        corrected = first / (1 - rule.beta1**count)
        scale = np.sqrt(second / (1 - rule.beta2**count)) + rule.epsilon
        return learning_rate * corrected / scale
