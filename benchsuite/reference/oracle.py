"""Training by hand: gradients and update rules written out in NumPy, in float64.

It holds a backend's loss, gradients, running statistics and optimiser to numbers that no
framework computed.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from benchsuite.contract import Batch, Normalizer, UpdateRule
from benchsuite.graph import OPS, Graph, Node, Shape
from benchsuite.graph.ops.arrays import Array
from benchsuite.graph.ops.op import Backward, Derivative, Operation

#: By the op's name, the function that defines it, and its derivative; `input` computes nothing.
OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {name: op.forward for name, op in OPS.items() if name != "input"}
)
DERIVATIVES: Mapping[str, Derivative] = MappingProxyType(
    {name: op.derivative for name, op in OPS.items() if name != "input"}
)


def normalised(
    images: NDArray[np.generic], normalizer: Normalizer, dtype: DTypeLike = np.float64
) -> Array:
    """Images as the network sees them: uint8 is normalised, others are already."""
    if images.dtype != np.uint8:
        return images.astype(dtype, copy=False)
    scale, shift = (np.asarray(v, dtype) for v in (normalizer.scale, normalizer.shift))
    found: Array = images.astype(dtype) * scale + shift
    return found


def mean_loss(logits: Array, labels: NDArray[Any], focal_gamma: float) -> tuple[float, Array]:
    """The loss of `UpdateRule` over (N, classes), and its gradient; labels (N,) or (N, classes)."""
    # Less the largest, which changes no probability: `exp` cannot overflow.
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    p = np.exp(log_p)
    of_shares = labels.ndim == logits.ndim
    shares = labels.astype(np.float64) if of_shares else np.eye(logits.shape[-1])[labels]
    focused, by_log_p = shares, shares
    if focal_gamma:
        focused = shares * (1 - p) ** focal_gamma
        by_log_p = focused - focal_gamma * shares * p * (1 - p) ** (focal_gamma - 1) * log_p
    gradient = p * by_log_p.sum(axis=-1, keepdims=True) - by_log_p
    return -float((focused * log_p).sum(axis=-1).mean()), gradient / len(labels)


@dataclass(frozen=True, slots=True)
class Pass:
    """What every node yielded, with which weights; and the new running statistics."""

    values: dict[str, Array]
    weights: dict[str, Mapping[str, Array]]
    running: dict[str, Array]


def backpropagate(
    graph: Graph, passed: Pass, gradient: Array, derivatives: Mapping[str, Derivative]
) -> dict[str, Array]:
    """By every weight that its op has a derivative by, from the gradient by the logits."""
    by_node, by_weight = {graph.output.name: gradient}, {}
    for node in reversed(graph.nodes[1:]):
        inputs = tuple(passed.values[name] for name in node.inputs)
        y, g = passed.values[node.name], by_node.pop(node.name)
        at = Backward(node.attrs, passed.weights[node.name], inputs, y, g)
        of_inputs, of_weights = derivatives[node.op](at)
        for name, array in zip(node.inputs, of_inputs, strict=True):
            by_node[name] = by_node[name] + array if name in by_node else array
        for weight in node.weights:
            if weight.role in of_weights:
                by_weight[node.weight_name(weight)] = of_weights[weight.role]
    return by_weight


class Oracle:
    """Trains a network, step by step; `weights` are the current ones, by canonical name.

    operations, derivatives: may be replaced in a subclass, to see a test catch a wrong one.
    """

    operations: Mapping[str, Operation] = OPERATIONS
    derivatives: Mapping[str, Derivative] = DERIVATIVES

    def __init__(
        self,
        graph: Graph,
        weights: Mapping[str, NDArray[np.floating]],
        rule: UpdateRule,
        normalizer: Normalizer | None = None,
        seed: int = 0,
    ) -> None:
        self.graph = graph
        self.weights: dict[str, Array] = {
            n: array.astype(np.float64) for n, array in weights.items()
        }
        self.rule = rule
        self._normalizer = normalizer or Normalizer()
        self.generator = np.random.default_rng(seed)
        trainable = [name for name, weight in graph.weights.items() if weight.trainable]
        # `zeros`, unlike `zeros_like`, takes no memory until it is written to
        self._first, self._second = (
            {name: np.zeros(self.weights[name].shape) for name in trainable} for _ in range(2)
        )
        self.steps = 0
        self.averages = {n: self.weights[n].copy() for n in trainable if rule.ema is not None}
        kinds = (("first", self._first), ("second", self._second), ("average", self.averages))
        self._slots = {f"{kind}/{n}": array for kind, named in kinds for n, array in named.items()}

    def state(self) -> dict[str, NDArray[Any]]:
        """All that the next step depends on, weights apart."""
        random = json.dumps(self.generator.bit_generator.state).encode()
        return {
            **{slot: array.copy() for slot, array in self._slots.items()},
            "random": np.frombuffer(random, np.uint8),
            "steps": np.array(self.steps),
        }

    def set_state(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Put back what `state` gave."""
        for slot, array in self._slots.items():
            array[...] = state[slot]
        self.generator.bit_generator.state = json.loads(state["random"].tobytes())
        self.steps = int(state["steps"])

    def train(self, batches: Iterable[Batch], learning_rates: Sequence[float]) -> Array:
        """One step per batch; the loss before each, (steps,)."""
        pairs = zip(batches, learning_rates, strict=True)
        return np.array([self._step(batch, rate) for batch, rate in pairs])

    def _step(self, batch: Batch, learning_rate: float) -> float:
        loss, gradients = self.begin_step(batch)
        self.steps += 1
        self.clip(gradients)
        for name, by_weight in gradients.items():
            self.update(name, by_weight, learning_rate)
        for name, average in self.averages.items():
            _mix(average, self.rule.ema or 0.0, self.weights[name], 1 - (self.rule.ema or 0.0))
        return loss

    def begin_step(self, batch: Batch, *, backward: bool = True) -> tuple[float, dict[str, Array]]:
        """The loss and, unless `backward` is False, the gradients; running statistics move."""
        losses, found = [], []
        for part in _parts(batch, self.rule.micro_batches):
            passed = self.forward(part)
            loss, gradient = self.loss(passed.values[self.graph.output.name], part.labels)
            losses.append(loss)
            found.append(self.backward(passed, gradient) if backward else {})
            # Every part moves the running statistics, as forward passes one after another do.
            self.weights.update(passed.running)
        return sum(losses) / len(losses), found[0] if len(found) == 1 else _mean(found)

    def loss(self, logits: Array, labels: NDArray[Any]) -> tuple[float, Array]:
        """The loss and its gradient by the logits."""
        return mean_loss(logits, labels, self.rule.focal_gamma)

    def clip(self, gradients: Mapping[str, Array]) -> None:
        """Scale all gradients down to the rule's global norm, in place."""
        if self.rule.clip_norm is None:
            return
        norm = np.sqrt(sum(float((gradient**2).sum()) for gradient in gradients.values()))
        # The 1e-6 is PyTorch's.
        scale = min(1.0, self.rule.clip_norm / (norm + 1e-6))
        for gradient in gradients.values():
            np.multiply(gradient, scale, out=gradient)

    def loss_and_gradients(self, batch: Batch) -> tuple[float, dict[str, Array]]:
        """The loss in training mode, and its gradient by canonical name."""
        passed = self.forward(batch)
        loss, gradient = self.loss(passed.values[self.graph.output.name], batch.labels)
        return loss, self.backward(passed, gradient)

    def backward(self, passed: Pass, gradient: Array) -> dict[str, Array]:
        """By every trainable weight, from the gradient by the logits."""
        return backpropagate(self.graph, passed, gradient, self.derivatives)

    def forward(self, batch: Batch) -> Pass:
        """A batch through the network, in training mode."""
        source, *nodes = self.graph.nodes
        images = normalised(batch.images, self._normalizer)
        passed = Pass({source.name: images}, {}, {})
        for node in nodes:
            inputs = [passed.values[name] for name in node.inputs]
            weights = self._of(node)
            if node.op == "batch_norm":
                statistics, running = self.batch_statistics(node, weights, inputs[0])
                passed.running.update({f"{node.name}.{r}": new for r, new in running.items()})
                weights = {**weights, **statistics}
            elif node.attrs.get("rate"):
                weights = {"kept": self.kept(node, batch, inputs[0].shape)}
            passed.weights[node.name] = weights
            passed.values[node.name] = self.operations[node.op](node.attrs, weights, *inputs)
        return passed

    def kept(self, node: Node, batch: Batch, shape: Shape) -> Array:
        """What a dropout multiplies its input (N, …) by: from the batch's mask, or drawn."""
        if node.name not in batch.masks:
            return self.draw_kept(node, shape)
        mask = batch.masks[node.name]
        scaled = mask / (1 - float(node.attrs["rate"]))  # type: ignore[arg-type] # the op's number
        missing = (1,) * (len(shape) - mask.ndim)
        return np.asarray(scaled).reshape(*mask.shape, *missing)

    def draw_kept(self, node: Node, shape: Shape) -> Array:
        """What a dropout keeps in this step, 0 or 1/(1-rate), of an input (N, …)."""
        rate = float(node.attrs["rate"])  # type: ignore[arg-type] # the op's number
        if node.op == "stochastic_depth":  # whole examples
            shape = (shape[0], *(1 for _ in shape[1:]))
        return (self.generator.random(shape) >= rate) / (1 - rate)

    def batch_statistics(
        self, node: Node, weights: Mapping[str, Array], x: Array
    ) -> tuple[dict[str, Array], dict[str, Array]]:
        """The batch's mean and biased variance; the running ones, with the unbiased variance."""
        axes = tuple(range(x.ndim - 1))
        count = x.size // x.shape[-1]
        mean, variance = x.mean(axis=axes), x.var(axis=axes)
        momentum = float(node.attrs["momentum"])  # type: ignore[arg-type] # the op's number
        taken_in = {"running_mean": mean, "running_var": variance * count / (count - 1)}
        running = {
            role: (1 - momentum) * weights[role] + momentum * new for role, new in taken_in.items()
        }
        return {"running_mean": mean, "running_var": variance}, running

    def _of(self, node: Node) -> dict[str, Array]:
        return {weight.role: self.weights[node.weight_name(weight)] for weight in node.weights}

    def update(self, name: str, gradient: Array, learning_rate: float) -> None:
        """Move one weight by one step: see `UpdateRule`. May write into the gradient."""
        weight, rule = self.weights[name], self.rule
        if rule.decays(self.graph.weights[name]):
            if rule.decay == "coupled":
                gradient += rule.weight_decay * weight
            else:
                weight *= 1 - learning_rate * rule.weight_decay
        weight -= learning_rate * self.direction(name, gradient)

    def direction(self, name: str, gradient: Array) -> Array:
        """What one unit of learning rate subtracts from a weight."""
        rule, first, second = self.rule, self._first[name], self._second[name]
        if rule.optimizer == "sgd":
            velocity = _mix(first, rule.momentum, gradient, 1.0)
            return gradient + rule.momentum * velocity if rule.nesterov else velocity
        if rule.optimizer == "rmsprop":
            _mix(second, rule.alpha, gradient**2, 1 - rule.alpha)
            return _mix(first, rule.momentum, gradient / (np.sqrt(second) + rule.epsilon), 1.0)
        _mix(first, rule.beta1, gradient, 1 - rule.beta1)
        _mix(second, rule.beta2, gradient**2, 1 - rule.beta2)
        unbiased_first = first / (1 - rule.beta1**self.steps)
        unbiased_second = second / (1 - rule.beta2**self.steps)
        step: Array = unbiased_first / (np.sqrt(unbiased_second) + rule.epsilon)
        return step


def _mix(state: Array, old: float, new: Array, weight: float) -> Array:
    """State = old·state + weight·new, in place: states are as large as the network."""
    state *= old
    state += new if weight == 1.0 else weight * new
    return state


def _parts(batch: Batch, count: int) -> list[Batch]:
    """A batch's micro-batches, in order."""
    size = len(batch.images) // count
    cuts = [slice(start, start + size) for start in range(0, size * count, size)]
    return [
        Batch(batch.images[c], batch.labels[c], {n: m[c] for n, m in batch.masks.items()})
        for c in cuts
    ]


def _mean(gradients: Sequence[Mapping[str, Array]]) -> dict[str, Array]:
    """Of several gradients, by weight."""
    return {name: np.mean([each[name] for each in gradients], axis=0) for name in gradients[0]}
