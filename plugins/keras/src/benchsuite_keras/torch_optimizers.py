"""The update rules on PyTorch: all variables at once, as Keras' own optimisers do there.

Step count and learning rate stay on the host: on a GPU, reading them would wait for it.
"""

from __future__ import annotations

import math
from typing import Any

import torch

from benchsuite.contract import UpdateRule
from benchsuite_keras.optimizers import SGD, Adam, KerasTensor, Variable


class TorchSGD(SGD):
    """`optimizers.SGD`; `rate` is the learning rate of the next step."""

    rate = 0.0

    def apply(self, grads: list[KerasTensor], trainable_variables: Any = None) -> None:  # noqa: ANN401, ARG002 - Keras' signature
        """Update every variable that the optimiser was built on."""
        with torch.no_grad():
            steps = grads
            if self.momentum:
                steps = _parameters(self.velocities)
                torch._foreach_mul_(steps, self.momentum)
                torch._foreach_add_(steps, grads)
            parameters = _parameters(self._trainable_variables)
            torch._foreach_add_(parameters, steps, alpha=-self.rate)


class TorchAdam(Adam):
    """`optimizers.Adam`; `rate` is the learning rate of the next step."""

    rate = 0.0
    steps = 0

    def apply(self, grads: list[KerasTensor], trainable_variables: Any = None) -> None:  # noqa: ANN401, ARG002 - Keras' signature
        """Update every variable that the optimiser was built on."""
        self.steps += 1
        with torch.no_grad():
            means, squares = _parameters(self.means), _parameters(self.squares)
            torch._foreach_lerp_(means, grads, 1.0 - self.beta1)
            torch._foreach_mul_(squares, self.beta2)
            torch._foreach_addcmul_(squares, grads, grads, 1.0 - self.beta2)
            roots = torch._foreach_sqrt(squares)  # noqa: SLF001 - as torch.optim does
            torch._foreach_div_(roots, math.sqrt(1.0 - self.beta2**self.steps))
            torch._foreach_add_(roots, self.epsilon)
            rate = self.rate / (1.0 - self.beta1**self.steps)
            torch._foreach_addcdiv_(_parameters(self._trainable_variables), means, roots, -rate)


def _parameters(variables: list[Variable]) -> list[KerasTensor]:
    return [variable.value for variable in variables]


def make_optimizer(rule: UpdateRule) -> Any:  # noqa: ANN401 - a keras.Optimizer
    """The optimiser of a rule; its `rate` is set before every step."""
    return TorchSGD(rule) if rule.optimizer == "sgd" else TorchAdam(rule)
