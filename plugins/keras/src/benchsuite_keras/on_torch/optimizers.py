"""The update rules on PyTorch: all variables at once, as Keras' own optimisers do there.

Step count and learning rate stay on the host: on a GPU, reading them would wait for it.
"""

import math
from abc import abstractmethod
from collections.abc import Sequence

import torch

from benchsuite.contract import UpdateRule
from benchsuite_keras.optimizers import SGD, Adam, KerasTensor, RMSprop, RuleOptimizer, Variable

Tensors = list[KerasTensor]


class TorchRuleOptimizer(RuleOptimizer):
    """`optimizers.RuleOptimizer`.

    rate: the learning rate of the next step.  steps: how many were taken.
    """

    rate = 0.0
    steps = 0

    def apply(
        self,
        grads: Sequence[KerasTensor],
        trainable_variables: Sequence[Variable] | None = None,  # noqa: ARG002 - Keras' signature
    ) -> None:
        """Update every variable that the optimiser was built on; may write into `grads`."""
        self.steps += 1
        rule, parameters = self.rule, _values(self._trainable_variables)
        decayed = [index for index, reached in enumerate(self.decayed) if reached]
        reached = [parameters[index] for index in decayed]
        with torch.no_grad():
            grads = list(self.clipped(grads))
            if reached and rule.decay == "coupled":
                of_reached = [grads[index] for index in decayed]
                torch._foreach_add_(of_reached, reached, alpha=rule.weight_decay)
            elif reached:
                torch._foreach_mul_(reached, 1.0 - self.rate * rule.weight_decay)
            self.move(parameters, grads)
            if rule.ema is not None:
                torch._foreach_lerp_(_values(self.averages), parameters, 1.0 - rule.ema)

    @abstractmethod
    def move(self, parameters: Tensors, grads: Tensors) -> None:
        """Take the step, weight decay apart."""


class TorchSGD(TorchRuleOptimizer, SGD):
    """`optimizers.SGD`."""

    def move(self, parameters: Tensors, grads: Tensors) -> None:
        """Along the velocities, unless there is no momentum."""
        if self.rule.momentum:
            velocities = _values(self.velocities)
            torch._foreach_mul_(velocities, self.rule.momentum)
            torch._foreach_add_(velocities, grads)
            if self.rule.nesterov:
                grads = torch._foreach_add(grads, velocities, alpha=self.rule.momentum)  # noqa: SLF001 - likewise
            else:
                grads = velocities
        torch._foreach_add_(parameters, grads, alpha=-self.rate)


class TorchRMSprop(TorchSGD, RMSprop):
    """`optimizers.RMSprop`."""

    def move(self, parameters: Tensors, grads: Tensors) -> None:
        """Along the velocities of the scaled gradients."""
        rule, squares = self.rule, _values(self.squares)
        torch._foreach_mul_(squares, rule.alpha)
        torch._foreach_addcmul_(squares, grads, grads, 1.0 - rule.alpha)
        roots = torch._foreach_sqrt(squares)  # noqa: SLF001 - as torch.optim does
        torch._foreach_add_(roots, rule.epsilon)
        super().move(parameters, list(torch._foreach_div(grads, roots)))  # noqa: SLF001 - likewise


class TorchAdam(TorchRuleOptimizer, Adam):
    """`optimizers.Adam`."""

    def move(self, parameters: Tensors, grads: Tensors) -> None:
        """Along the corrected means over the roots of the corrected mean squares."""
        rule, means, squares = self.rule, _values(self.means), _values(self.squares)
        torch._foreach_lerp_(means, grads, 1.0 - rule.beta1)
        torch._foreach_mul_(squares, rule.beta2)
        torch._foreach_addcmul_(squares, grads, grads, 1.0 - rule.beta2)
        roots = torch._foreach_sqrt(squares)  # noqa: SLF001 - as torch.optim does
        torch._foreach_div_(roots, math.sqrt(1.0 - rule.beta2**self.steps))
        torch._foreach_add_(roots, rule.epsilon)
        rate = self.rate / (1.0 - rule.beta1**self.steps)
        torch._foreach_addcdiv_(parameters, means, roots, -rate)


def _values(variables: list[Variable]) -> Tensors:
    return [variable.value for variable in variables]


def make_optimizer(rule: UpdateRule, decayed: Sequence[bool]) -> TorchRuleOptimizer:
    """The optimiser of a rule; its `rate` is set before every step."""
    classes = {"sgd": TorchSGD, "adam": TorchAdam, "rmsprop": TorchRMSprop}
    return classes[rule.optimizer](rule, decayed)
