"""PyTorch's update rules as Keras optimisers.

Keras' own differ across a change of learning rate (SGD) and in where epsilon goes (Adam).
"""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

from benchsuite.contract import UpdateRule

#: A keras.Variable or the framework's own, a tensor of its shape, or a scalar tensor.
KerasTensor = Any
Variable = Any


class SGD(keras.optimizers.Optimizer):  # type: ignore[misc] # keras is Any
    """v = momentum·v + g;  p -= lr·v  (`torch.optim.SGD`)."""

    def __init__(self, rule: UpdateRule) -> None:
        super().__init__(learning_rate=0.0, name="sgd")
        self.momentum = rule.momentum

    def build(self, variables: list[Variable]) -> None:
        """Add one velocity per variable, unless there is no momentum."""
        if self.built:
            return
        super().build(variables)
        if self.momentum:
            self.velocities = [self.add_variable_from_reference(v, "velocity") for v in variables]

    def update_step(
        self, gradient: KerasTensor, variable: Variable, learning_rate: KerasTensor
    ) -> None:
        """Update one variable."""
        step = gradient
        if self.momentum:
            velocity = self.velocities[self._get_variable_index(variable)]
            step = velocity * self.momentum + gradient
            self.assign(velocity, step)
        self.assign_sub(variable, step * ops.cast(learning_rate, variable.dtype))


class Adam(keras.optimizers.Optimizer):  # type: ignore[misc] # keras is Any
    """Kingma and Ba 2015, algorithm 1; epsilon after the correction (`torch.optim.Adam`)."""

    def __init__(self, rule: UpdateRule) -> None:
        super().__init__(learning_rate=0.0, name="adam")
        self.beta1, self.beta2, self.epsilon = rule.beta1, rule.beta2, rule.epsilon

    def build(self, variables: list[Variable]) -> None:
        """Add both moments of each variable's gradient."""
        if self.built:
            return
        super().build(variables)
        self.means = [self.add_variable_from_reference(v, "mean") for v in variables]
        self.squares = [self.add_variable_from_reference(v, "square") for v in variables]

    def update_step(
        self, gradient: KerasTensor, variable: Variable, learning_rate: KerasTensor
    ) -> None:
        """Update one variable."""
        index = self._get_variable_index(variable)
        step = ops.cast(self.iterations + 1, variable.dtype)
        mean = self.means[index] * self.beta1 + gradient * (1.0 - self.beta1)
        square = self.squares[index] * self.beta2 + ops.square(gradient) * (1.0 - self.beta2)
        self.assign(self.means[index], mean)
        self.assign(self.squares[index], square)
        rate = ops.cast(learning_rate, variable.dtype) / _correction(self.beta1, step)
        root = ops.sqrt(square) / ops.sqrt(_correction(self.beta2, step)) + self.epsilon
        self.assign_sub(variable, rate * mean / root)


def _correction(beta: float, step: KerasTensor) -> KerasTensor:
    """1 - beta^step, which in float32 would lose four of its seven digits if so computed."""
    return -ops.expm1(step * (math.log(beta) if beta else -math.inf))


def make_optimizer(rule: UpdateRule) -> Any:  # noqa: ANN401 - a keras.Optimizer
    """The optimiser of a rule; its learning rate is set before every step."""
    return SGD(rule) if rule.optimizer == "sgd" else Adam(rule)
