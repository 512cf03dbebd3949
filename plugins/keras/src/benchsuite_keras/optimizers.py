"""PyTorch's update rules as Keras optimisers.

Keras' own differ across a change of learning rate (SGD), in where epsilon goes (Adam, RMSprop)
and in what weight decay means (all of them).
"""

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from benchsuite.contract import UpdateRule

#: A keras.Variable or the framework's own, a tensor of its shape, or a scalar tensor.
KerasTensor = Any
Variable = Any


class RuleOptimizer(keras.optimizers.Optimizer):  # type: ignore[misc] # keras is Any
    """An optimiser of `benchsuite.contract.UpdateRule`: its step, and weight decay.

    decayed: of each variable that it is built on, whether the weight decay reaches it.
    """

    def __init__(self, rule: UpdateRule, decayed: Sequence[bool]) -> None:
        super().__init__(learning_rate=0.0, name=rule.optimizer)
        self.rule = rule
        self.decayed = tuple(decayed)
        self.averages: list[Variable] = []

    def build(self, variables: list[Variable]) -> None:
        """Add what the rule remembers of each variable."""
        if not self.built:
            super().build(variables)
            self.add_slots(variables)
            if self.rule.ema is not None:
                self.averages = self.slot(variables, "average")
                for average, variable in zip(self.averages, variables, strict=True):
                    average.assign(variable + 0.0)  # a buffer of its own: JAX consumes it

    def slot(self, variables: list[Variable], name: str) -> list[Variable]:
        """One variable of zeros for each variable."""
        return [self.add_variable_from_reference(variable, name) for variable in variables]

    def apply(
        self, grads: Sequence[KerasTensor], trainable_variables: Sequence[Variable] | None = None
    ) -> None:
        """Clip the gradients, take the step, and let the averages follow."""
        super().apply(self.clipped(grads), trainable_variables)
        self.follow()

    def clipped(self, gradients: Sequence[KerasTensor]) -> Sequence[KerasTensor]:
        """Scaled down to the rule's global norm (`torch.nn.utils.clip_grad_norm_`)."""
        if self.rule.clip_norm is None:
            return gradients
        squares = [ops.sum(ops.square(gradient)) for gradient in gradients]
        norm = ops.sqrt(sum(squares[1:], squares[0]))
        scale = ops.minimum(self.rule.clip_norm / (norm + 1e-6), 1.0)
        return [gradient * scale for gradient in gradients]

    def follow(self) -> None:
        """Take the variables as they are now into their moving averages."""
        kept = self.rule.ema or 0.0
        for variable, average in self.averaged():
            self.assign(average, average * kept + variable * (1.0 - kept))

    def averaged(self) -> list[tuple[Variable, Variable]]:
        """Each trainable variable with its moving average, where the rule has `ema`."""
        variables = self._trainable_variables if self.averages else ()
        return list(zip(variables, self.averages, strict=True))

    @abstractmethod
    def add_slots(self, variables: list[Variable]) -> None:
        """Add what the rule remembers of each variable."""

    @abstractmethod
    def step(self, index: int, gradient: KerasTensor, rate: KerasTensor) -> KerasTensor:
        """What the rule subtracts from a variable, weight decay apart."""

    def update_step(
        self, gradient: KerasTensor, variable: Variable, learning_rate: KerasTensor
    ) -> None:
        """Update one variable; whether it decays is decided once, when the step is traced."""
        index, decay = self._get_variable_index(variable), self.rule.weight_decay
        rate = ops.cast(learning_rate, variable.dtype)
        if self.decayed[index] and self.rule.decay == "coupled":
            gradient = gradient + variable * decay
        step = self.step(index, gradient, rate)
        if self.decayed[index] and self.rule.decay == "decoupled":
            step = step + variable * (rate * decay)
        self.assign_sub(variable, step)


class SGD(RuleOptimizer):
    """v = momentum·v + g, and with Nesterov's g + momentum·v  (`torch.optim.SGD`)."""

    def add_slots(self, variables: list[Variable]) -> None:
        """Velocities, unless there is no momentum."""
        if self.rule.momentum:
            self.velocities = self.slot(variables, "velocity")

    def step(self, index: int, gradient: KerasTensor, rate: KerasTensor) -> KerasTensor:
        """Along the velocity."""
        if not self.rule.momentum:
            return gradient * rate
        velocity = self.velocities[index] * self.rule.momentum + gradient
        self.assign(self.velocities[index], velocity)
        if self.rule.nesterov:
            velocity = gradient + velocity * self.rule.momentum
        return velocity * rate


class RMSprop(SGD):
    """s = alpha·s + (1-alpha)·g²;  v = momentum·v + g/(sqrt(s) + epsilon)  (`torch.optim`)."""

    def add_slots(self, variables: list[Variable]) -> None:
        """Mean squares, and SGD's velocities."""
        super().add_slots(variables)
        self.squares = self.slot(variables, "square")

    def step(self, index: int, gradient: KerasTensor, rate: KerasTensor) -> KerasTensor:
        """Along the velocity of the scaled gradient."""
        alpha = self.rule.alpha
        square = self.squares[index] * alpha + ops.square(gradient) * (1.0 - alpha)
        self.assign(self.squares[index], square)
        scaled = gradient / (ops.sqrt(square) + self.rule.epsilon)
        return super().step(index, scaled, rate)


class Adam(RuleOptimizer):
    """Kingma and Ba 2015, algorithm 1; epsilon after the correction (`torch.optim.Adam`)."""

    def add_slots(self, variables: list[Variable]) -> None:
        """Both moments of each variable's gradient."""
        self.means = self.slot(variables, "mean")
        self.squares = self.slot(variables, "square")

    def step(self, index: int, gradient: KerasTensor, rate: KerasTensor) -> KerasTensor:
        """Along the corrected mean over the root of the corrected mean square."""
        rule, steps = self.rule, ops.cast(self.iterations + 1, gradient.dtype)
        mean = self.means[index] * rule.beta1 + gradient * (1.0 - rule.beta1)
        square = self.squares[index] * rule.beta2 + ops.square(gradient) * (1.0 - rule.beta2)
        self.assign(self.means[index], mean)
        self.assign(self.squares[index], square)
        root = ops.sqrt(square) / ops.sqrt(correction(rule.beta2, steps)) + rule.epsilon
        return rate / correction(rule.beta1, steps) * mean / root


def correction(beta: float, steps: KerasTensor) -> KerasTensor:
    """1 - beta^steps, which in float32 would lose four of its seven digits if so computed."""
    return -ops.expm1(steps * (math.log(beta) if beta else -math.inf))


def make_optimizer(rule: UpdateRule, decayed: Sequence[bool]) -> RuleOptimizer:
    """The optimiser of a rule; its learning rate is set before every step."""
    classes = {"sgd": SGD, "adam": Adam, "rmsprop": RMSprop}
    return classes[rule.optimizer](rule, decayed)
