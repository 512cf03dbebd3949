"""Training by hand: gradients and update rules written out in NumPy, in float64.

It trains chains of flatten, dense, batch_norm and tanh: enough to hold a backend's loss,
gradients, running statistics and optimiser to numbers that no framework computed.
"""
# ruff: noqa: ARG001 - every layer has the same signature

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchsuite.contract import Batch, UpdateRule
from benchsuite.graph import Graph, Node

Array = NDArray[np.float64]
#: gradient by the output -> (gradient by the input, gradients by role)
Backward = Callable[[Array], tuple[Array, dict[str, Array]]]
#: (attributes, weights by role, input) -> (output, its backward pass)
Layer = Callable[[Mapping[str, Any], Mapping[str, Array], Array], tuple[Array, Backward]]


def flatten(
    attrs: Mapping[str, Any], weights: Mapping[str, Array], x: Array
) -> tuple[Array, Backward]:
    """Channel-major, (N, H, W, C) -> (N, C·H·W); the first layer, so no gradient goes on."""
    return x.transpose(0, 3, 1, 2).reshape(len(x), -1), lambda gradient: (gradient, {})


def dense(
    attrs: Mapping[str, Any], weights: Mapping[str, Array], x: Array
) -> tuple[Array, Backward]:
    """Linear map x Wᵀ + b: (N, F) -> (N, units)."""

    def backward(gradient: Array) -> tuple[Array, dict[str, Array]]:
        by_role = {"weight": gradient.T @ x, "bias": gradient.sum(axis=0)}
        return gradient @ weights["weight"], by_role

    return x @ weights["weight"].T + weights["bias"], backward


def tanh(
    attrs: Mapping[str, Any], weights: Mapping[str, Array], x: Array
) -> tuple[Array, Backward]:
    """The hyperbolic tangent; its derivative is 1 - tanh²."""
    y = np.tanh(x)
    return y, lambda gradient: (gradient * (1 - y**2), {})


def batch_norm(
    attrs: Mapping[str, Any], weights: Mapping[str, Array], x: Array
) -> tuple[Array, Backward]:
    """With the batch's own mean and biased variance; updates the running statistics.

    The running variance takes in the unbiased one; `momentum` weighs the new.
    """
    n, momentum = len(x), attrs["momentum"]
    mean, variance = x.mean(axis=0), x.var(axis=0)
    for role, new in (("running_mean", mean), ("running_var", variance * n / (n - 1))):
        weights[role][:] = (1 - momentum) * weights[role] + momentum * new
    deviation = np.sqrt(variance + attrs["epsilon"])
    normal = (x - mean) / deviation

    def backward(gradient: Array) -> tuple[Array, dict[str, Array]]:
        by_role = {"weight": (gradient * normal).sum(axis=0), "bias": gradient.sum(axis=0)}
        through = gradient * weights["weight"]
        centred = through - through.mean(axis=0) - normal * (through * normal).mean(axis=0)
        return centred / deviation, by_role

    return normal * weights["weight"] + weights["bias"], backward


def cross_entropy(logits: Array, labels: NDArray[np.int64]) -> tuple[float, Array]:
    """Mean of -log softmax(logits)[label] over (N, classes), and its gradient."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_softmax = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    rows = np.arange(len(labels))
    gradient = np.exp(log_softmax)
    gradient[rows, labels] -= 1.0
    return -float(log_softmax[rows, labels].mean()), gradient / len(labels)


class Oracle:
    """Trains a chain, step by step; `weights` are the current ones, by canonical name."""

    layers: Mapping[str, Layer] = {
        "flatten": flatten,
        "dense": dense,
        "tanh": tanh,
        "batch_norm": batch_norm,
    }

    def __init__(
        self, graph: Graph, weights: Mapping[str, NDArray[np.floating]], rule: UpdateRule
    ) -> None:
        self.graph = graph
        self.weights = {name: array.astype(np.float64) for name, array in weights.items()}
        self._rule = rule
        self._first = {name: np.zeros_like(array) for name, array in self.weights.items()}
        self._second = {name: np.zeros_like(array) for name, array in self.weights.items()}
        self._steps = 0

    def train(self, batches: Iterable[Batch], learning_rates: Sequence[float]) -> Array:
        """One step per batch of float images; the loss before each, (steps,)."""
        pairs = zip(batches, learning_rates, strict=True)
        return np.array([self._step(batch, rate) for batch, rate in pairs])

    def _step(self, batch: Batch, learning_rate: float) -> float:
        loss, gradients = self.loss_and_gradients(batch)
        self._steps += 1
        for name, gradient in gradients.items():
            self.weights[name] -= learning_rate * self.direction(name, gradient)
        return loss

    def loss_and_gradients(self, batch: Batch) -> tuple[float, dict[str, Array]]:
        """Mean cross-entropy in training mode, and its gradient by canonical name."""
        x, passes = batch.images.astype(np.float64), []
        for node in self.graph.nodes[1:]:
            x, backward = self.layers[node.op](node.attrs, self._of(node), x)
            passes.append((node, backward))
        loss, gradient = cross_entropy(x, batch.labels)
        gradients: dict[str, Array] = {}
        for node, backward in reversed(passes):
            gradient, by_role = backward(gradient)
            gradients.update({f"{node.name}.{role}": value for role, value in by_role.items()})
        return loss, gradients

    def _of(self, node: Node) -> dict[str, Array]:
        return {weight.role: self.weights[node.weight_name(weight)] for weight in node.weights}

    def direction(self, name: str, gradient: Array) -> Array:
        """What one unit of learning rate subtracts from a weight: see `UpdateRule`."""
        rule, first, second = self._rule, self._first[name], self._second[name]
        if rule.optimizer == "sgd":
            first[...] = rule.momentum * first + gradient
            return first
        first[...] = rule.beta1 * first + (1 - rule.beta1) * gradient
        second[...] = rule.beta2 * second + (1 - rule.beta2) * gradient**2
        unbiased_first = first / (1 - rule.beta1**self._steps)
        unbiased_second = second / (1 - rule.beta2**self._steps)
        step: Array = unbiased_first / (np.sqrt(unbiased_second) + rule.epsilon)
        return step
