"""The reference's trainer with one thing wrong each, as a framework has it by default.

The conformance kit and the certificates must both catch them. Numbers are the pitfalls'.
"""

import msgspec
import numpy as np

from benchsuite.testing import Oracle


class KerasMomentumOfStatistics(Oracle):
    """2: BatchNorm's momentum weighs the old."""

    def batch_statistics(self, node, weights, x):
        of_batch, running = super().batch_statistics(node, weights, x)
        momentum = node.attrs["momentum"]
        for role, rightly in running.items():
            new = (rightly - (1 - momentum) * weights[role]) / momentum
            running[role] = momentum * weights[role] + (1 - momentum) * new
        return of_batch, running


class BiasedVariance(Oracle):
    """4: BatchNorm's biased running variance."""

    def batch_statistics(self, node, weights, x):
        of_batch, running = super().batch_statistics(node, weights, x)
        momentum, old = node.attrs["momentum"], weights["running_var"]
        biased = (1 - momentum) * old + momentum * of_batch["running_var"]
        return of_batch, {**running, "running_var": biased}


class FixedEpsilon(Oracle):
    """8: Adam's epsilon."""

    def __init__(self, graph, weights, rule, *args):
        adam = rule.optimizer == "adam"
        wrong = msgspec.structs.replace(rule, epsilon=1e-7) if adam else rule
        super().__init__(graph, weights, wrong, *args)


class EpsilonBeforeCorrection(Oracle):
    """9: Adam's epsilon before the correction."""

    def direction(self, name, gradient):
        step = super().direction(name, gradient)
        if self.rule.optimizer != "adam":
            return step
        root = np.sqrt(1 - self.rule.beta2**self.steps)
        corrected = self._first[name] / (1 - self.rule.beta1**self.steps)
        return corrected * root / (np.sqrt(self._second[name]) + self.rule.epsilon)


class KerasMomentum(Oracle):
    """11: the velocity takes in the learning rate."""

    def direction(self, name, gradient):
        if self.rule.optimizer != "sgd":
            return super().direction(name, gradient)
        velocity = self._first[name]
        velocity[...] = self.rule.momentum * velocity + self._rate * gradient
        return velocity / self._rate

    def update(self, name, gradient, learning_rate):
        self._rate = learning_rate
        super().update(name, gradient, learning_rate)
