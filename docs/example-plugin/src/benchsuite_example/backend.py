"""A backend in one file: linear networks in NumPy, with gradients written by hand."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from benchsuite.contract import Batch, Counts, Session, Setup, UpdateRule, check_request, check_rule
from benchsuite.graph import Graph
from benchsuite.graph.weights import check_weights

Array = NDArray[Any]
#: Of `UpdateRule`, what is left out here.
_LACKS = ("nesterov", "micro_batches", "clip_norm", "focal_gamma", "ema")
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
        """The CPU, which the core names."""
        return device

    def open(self, graph: Graph, weights: Mapping[str, Array], setup: Setup) -> Session:
        """Refuse what is not supported, else return a session."""
        check_rule(self, setup.update_rule, _LACKS)
        return LinearSession(graph, weights, check_request(self, graph, setup))


class LinearSession:
    """One linear network."""

    def __init__(self, graph: Graph, weights: Mapping[str, Array], setup: Setup) -> None:
        self.graph = graph
        self._setup = setup
        self._type = _TYPES[setup.precision]
        self._optimizer = _Optimizer(setup.update_rule, graph, self._type)
        self.set_weights(weights)

    @property
    def native(self) -> dict[str, Array]:
        """The arrays themselves."""
        return self._weights

    def predict(self, images: Array) -> Array:
        """Logits (N, classes)."""
        return self._forward(images.astype(self._type))[self.graph.output.name]

    def place(self, batch: Batch) -> Batch:
        """Nothing to move."""
        return batch

    def infer(self, placed: Batch) -> Array:
        """Logits (N, classes)."""
        return self.predict(placed.images)

    def train(self, batches: Iterable[Batch | Any], learning_rates: Sequence[float]) -> Array:
        """One step per batch."""
        steps = zip(batches, learning_rates, strict=True)
        losses = [self._step(batch, rate) for batch, rate in steps]
        return np.array(losses, self._type)

    def synchronize(self) -> None:
        """NumPy has finished when it returns."""

    def weights(self) -> dict[str, Array]:
        """Copies, under canonical names."""
        return {name: array.copy() for name, array in self._weights.items()}

    def set_weights(self, weights: Mapping[str, Array]) -> None:
        """Copy them in."""
        check_weights(self.graph, weights)
        self._weights = {name: weights[name].astype(self._type) for name in self.graph.weights}

    def averaged_weights(self) -> dict[str, Array]:
        """There are no averages."""
        return self.weights()

    def state(self) -> dict[str, Array]:
        """The weights, and what the optimiser remembers of each."""
        weights = {f"weight/{name}": array for name, array in self.weights().items()}
        return {**weights, **self._optimizer.state()}

    def set_state(self, state: Mapping[str, Array]) -> None:
        """Put back what `state` gave."""
        self._weights = {name: state[f"weight/{name}"].copy() for name in self.graph.weights}
        self._optimizer.set_state(state)

    def counts(self) -> Counts:
        """From the arrays that one image gives rise to, not from the graph's figures."""
        values = self._forward(np.zeros((1, *self.graph.input_shape), self._type))
        dense = [node.name for node in self.graph.nodes if node.op == "dense"]
        macs = sum(values[name].size * self._weights[f"{name}.weight"].shape[1] for name in dense)
        parameters = sum(array.size for array in self._weights.values())
        return Counts(parameters, macs, "sizes of the arrays")

    def settings(self) -> Mapping[str, str]:
        """What a reader must know to compare."""
        return {"layout": "NHWC"}

    def device_memory(self) -> None:
        """None: a CPU."""

    def close(self) -> None:
        """Nothing to free."""

    def _forward(self, images: Array) -> dict[str, Array]:
        """The output of each node, by name; of the first, the images themselves."""
        values = {self.graph.nodes[0].name: images}  # (N, H, W, C)
        for node in self.graph.nodes[1:]:
            x = values[node.inputs[0]]
            if node.op == "flatten":
                values[node.name] = x.transpose(0, 3, 1, 2).reshape(len(x), -1)  # (N, C·H·W)
            else:
                weight = self._weights[f"{node.name}.weight"]  # (units, F)
                values[node.name] = x @ weight.T + self._weights.get(f"{node.name}.bias", 0)
        return values

    def _step(self, batch: Batch, learning_rate: float) -> float:
        values = self._forward(self._normalized(batch.images))
        loss, gradient = _cross_entropy(values[self.graph.output.name], batch.labels)
        for name, update in self._gradients(values, gradient).items():
            self._weights[name] -= self._optimizer.step(
                name, self._weights[name], update, learning_rate
            )
        return loss

    def _gradients(self, values: Mapping[str, Array], gradient: Array) -> dict[str, Array]:
        """By weight, from the gradient of the logits (N, classes), back to the images."""
        found: dict[str, Array] = {}
        node = self.graph.output
        while node.op != "input":
            x = values[node.inputs[0]]
            if node.op == "flatten":
                count, height, width, channels = x.shape
                gradient = gradient.reshape(count, channels, height, width).transpose(0, 2, 3, 1)
            else:
                rows = gradient.reshape(-1, gradient.shape[-1])
                found[f"{node.name}.weight"] = rows.T @ x.reshape(-1, x.shape[-1])
                if f"{node.name}.bias" in self._weights:
                    found[f"{node.name}.bias"] = rows.sum(axis=0)
                gradient = gradient @ self._weights[f"{node.name}.weight"]
            node = self.graph.by_name[node.inputs[0]]
        return found

    def _normalized(self, images: Array) -> Array:
        if images.dtype != np.uint8:
            return images.astype(self._type)
        scale = np.asarray(self._setup.normalizer.scale, self._type)
        shift = np.asarray(self._setup.normalizer.shift, self._type)
        return images.astype(self._type) * scale + shift


def _cross_entropy(logits: Array, labels: Array) -> tuple[float, Array]:
    """The mean loss of labels (N,) or shares (N, classes), and its gradient by the logits."""
    shares = labels if labels.ndim == logits.ndim else np.eye(logits.shape[1])[labels]
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    sums = shares.sum(axis=1, keepdims=True)
    gradient = np.exp(log_probabilities) * sums - shares
    return float(-(shares * log_probabilities).sum(axis=1).mean()), gradient / len(logits)


class _Optimizer:
    """What is subtracted from each weight, by the formulas of `UpdateRule`."""

    def __init__(self, rule: UpdateRule, graph: Graph, dtype: DTypeLike) -> None:
        self._rule = rule
        self._graph = graph
        shapes = {name: weight.shape for name, weight in graph.weights.items()}
        self._first = {name: np.zeros(shape, dtype) for name, shape in shapes.items()}
        self._second = {name: np.zeros(shape, dtype) for name, shape in shapes.items()}
        self._steps = dict.fromkeys(shapes, 0)

    def state(self) -> dict[str, Array]:
        first = {f"first/{name}": array.copy() for name, array in self._first.items()}
        second = {f"second/{name}": array.copy() for name, array in self._second.items()}
        return {**first, **second, "steps": np.array(list(self._steps.values()))}

    def set_state(self, state: Mapping[str, Array]) -> None:
        self._first = {name: state[f"first/{name}"].copy() for name in self._first}
        self._second = {name: state[f"second/{name}"].copy() for name in self._second}
        self._steps = dict(zip(self._steps, state["steps"].tolist(), strict=True))

    def step(self, name: str, weight: Array, gradient: Array, learning_rate: float) -> Array:
        decays = self._rule.decays(self._graph.weights[name])
        decay = self._rule.weight_decay * weight if decays else 0.0
        if self._rule.decay == "coupled":
            return learning_rate * self._direction(name, gradient + decay)
        return learning_rate * (self._direction(name, gradient) + decay)

    def _direction(self, name: str, gradient: Array) -> Array:
        rule, first, second = self._rule, self._first[name], self._second[name]
        self._steps[name] += 1
        if rule.optimizer == "sgd":
            self._first[name] = rule.momentum * first + gradient
            return self._first[name]
        if rule.optimizer == "rmsprop":
            second = rule.alpha * second + (1 - rule.alpha) * gradient**2
            first = rule.momentum * first + gradient / (np.sqrt(second) + rule.epsilon)
            self._first[name], self._second[name] = first, second
            return first
        first = rule.beta1 * first + (1 - rule.beta1) * gradient
        second = rule.beta2 * second + (1 - rule.beta2) * gradient**2
        self._first[name], self._second[name] = first, second
        corrected = first / (1 - rule.beta1 ** self._steps[name])
        root = np.sqrt(second / (1 - rule.beta2 ** self._steps[name]))
        return corrected / (root + rule.epsilon)
