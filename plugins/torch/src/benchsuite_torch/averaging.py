"""A moving average of a module's parameters."""

from typing import Any

import torch


class MovingAverage:
    """After each step a = decay·a + (1-decay)·p, from the parameters' first values."""

    def __init__(self, module: Any, decay: float) -> None:  # noqa: ANN401 - a torch.nn.Module
        self._decay = decay
        self._parameters = dict(module.named_parameters())
        self.values = {n: p.detach().clone() for n, p in self._parameters.items()}

    def update(self) -> None:
        """Take in the parameters as they are now."""
        with torch.no_grad():
            torch._foreach_lerp_(
                list(self.values.values()), list(self._parameters.values()), 1.0 - self._decay
            )
