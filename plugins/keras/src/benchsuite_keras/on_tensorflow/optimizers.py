"""The update rules on TensorFlow: its fused kernel of a rule, one for each variable.

A kernel works in place, where operations of their own would take a buffer for every step of the
formula, and a tenth of the time that it takes to trace a network.
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from keras import ops

from benchsuite.contract import UpdateRule
from benchsuite_keras.optimizers import (
    SGD,
    Adam,
    KerasTensor,
    RMSprop,
    RuleOptimizer,
    Variable,
    correction,
)


class FusedOptimizer(RuleOptimizer):
    """`optimizers.RuleOptimizer`."""

    def apply(
        self,
        grads: Sequence[KerasTensor],
        trainable_variables: Sequence[Variable] | None = None,  # noqa: ARG002 - Keras' signature
    ) -> None:
        """Update every variable that the optimiser was built on."""
        decay, rate = self.rule.weight_decay, self.learning_rate.value
        decoupled = self.rule.decay == "decoupled"
        for index, gradient in enumerate(self.clipped(grads)):
            variable = self._trainable_variables[index].value
            added = gradient
            if self.decayed[index] and decoupled:
                variable.assign(variable * (1.0 - rate * decay))
            elif self.decayed[index]:
                added = gradient + variable * decay
            self.move(index, variable.handle, added)
        self.iterations.assign_add(1)
        self.follow()

    @abstractmethod
    def move(self, index: int, handle: KerasTensor, gradient: KerasTensor) -> None:
        """Take the step, weight decay apart; the handle is the variable's."""


class FusedSGD(FusedOptimizer, SGD):
    """`optimizers.SGD`."""

    def apply(
        self,
        grads: Sequence[KerasTensor],
        trainable_variables: Sequence[Variable] | None = None,
    ) -> None:
        """Update every variable that the optimiser was built on."""
        self.rate = tf.convert_to_tensor(self.learning_rate.value)  # read once for all
        super().apply(grads, trainable_variables)

    def move(self, index: int, handle: KerasTensor, gradient: KerasTensor) -> None:
        """Along the velocity, unless there is no momentum."""
        if not self.rule.momentum:
            tf.raw_ops.ResourceApplyGradientDescent(var=handle, alpha=self.rate, delta=gradient)
            return
        tf.raw_ops.ResourceApplyMomentum(
            var=handle,
            accum=self.velocities[index].value.handle,
            lr=self.rate,
            grad=gradient,
            momentum=self.rule.momentum,
            use_nesterov=self.rule.nesterov,
        )


class FusedAdam(FusedOptimizer, Adam):
    """`optimizers.Adam`.

    The kernel subtracts lr · m / (sqrt(v) + epsilon), which is PyTorch's step once lr and
    epsilon hold the corrections. It rounds each beta, so the corrections are of what it rounds
    to: of Adam's 0.999 in float32, 1 - beta is off by 1e-5.
    """

    def apply(
        self,
        grads: Sequence[KerasTensor],
        trainable_variables: Sequence[Variable] | None = None,
    ) -> None:
        """Update every variable that the optimiser was built on."""
        rate = self.learning_rate.value
        steps = ops.cast(self.iterations + 1, rate.dtype)
        of_mean, of_square = (
            correction(float(np.asarray(beta, rate.dtype.as_numpy_dtype)), steps)
            for beta in (self.rule.beta1, self.rule.beta2)
        )
        root = ops.sqrt(of_square)
        self.rate, self.epsilon = rate * root / of_mean, self.rule.epsilon * root
        super().apply(grads, trainable_variables)

    def move(self, index: int, handle: KerasTensor, gradient: KerasTensor) -> None:
        """Along the corrected mean over the root of the corrected mean square."""
        none = tf.zeros((), gradient.dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=handle,
            m=self.means[index].value.handle,
            v=self.squares[index].value.handle,
            beta1_power=none,
            beta2_power=none,
            lr=self.rate,
            beta1=self.rule.beta1,
            beta2=self.rule.beta2,
            epsilon=self.epsilon,
            grad=gradient,
        )


def make_optimizer(rule: UpdateRule, decayed: Sequence[bool]) -> Any:  # noqa: ANN401 - a keras.Optimizer
    """The optimiser of a rule; its learning rate is set before the steps that take it.

    TensorFlow's kernel of RMSprop has epsilon under the root: that rule has none.
    """
    classes = {"sgd": FusedSGD, "adam": FusedAdam, "rmsprop": RMSprop}
    return classes[rule.optimizer](rule, decayed)
