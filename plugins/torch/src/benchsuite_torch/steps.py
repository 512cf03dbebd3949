"""One training step, as a setup's update rule has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch.nn.utils import clip_grad_norm_

from benchsuite.contract import Setup
from benchsuite.graph import Graph
from benchsuite_torch.averaging import MovingAverage
from benchsuite_torch.dropouts import drawn_masks
from benchsuite_torch.losses import mean_loss
from benchsuite_torch.optimizers import make_optimizer
from benchsuite_torch.precision import grad_scaler

Tensor = Any
Forward = Callable[[Tensor], Tensor]


class TrainingStep:
    """Forward, backward and update of one module.

    forward: (N, C, H, W) as placed -> logits (N, classes), in training mode.
    """

    def __init__(self, graph: Graph, module: Any, forward: Forward, setup: Setup) -> None:  # noqa: ANN401
        self._module = module
        self._forward = forward
        self._rule = rule = setup.update_rule
        self.optimizer = make_optimizer(rule, graph, module)
        self.scaler = grad_scaler(setup.precision, torch.device(setup.device))
        self.average = None if rule.ema is None else MovingAverage(module, rule.ema)

    def __call__(
        self, images: Tensor, labels: Tensor, masks: Mapping[str, Tensor], rate: float
    ) -> Tensor:
        """Take the step, and return the loss before it, still on the device."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad(set_to_none=True)
        loss = self._backward(images, labels, masks)
        if self._rule.clip_norm is not None:
            self.scaler.unscale_(self.optimizer)
            clip_grad_norm_(self._module.parameters(), self._rule.clip_norm)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        if self.average is not None:
            self.average.update()
        return loss

    def _backward(self, images: Tensor, labels: Tensor, masks: Mapping[str, Tensor]) -> Tensor:
        """Gradients of the batch, or the mean of its parts'; the loss likewise."""
        count = self._rule.micro_batches
        if count == 1:
            return self._backward_part(images, labels, masks, 1)
        parts = zip(images.chunk(count), labels.chunk(count), _chunks(masks, count), strict=True)
        losses = [self._backward_part(*part, count) for part in parts]
        return torch.stack(losses).sum()

    def _backward_part(
        self, images: Tensor, labels: Tensor, masks: Mapping[str, Tensor], count: int
    ) -> Tensor:
        with drawn_masks(self._module, masks):
            logits = self._forward(images)
        loss = mean_loss(logits, labels, self._rule.focal_gamma)
        if count > 1:
            loss = loss / count
        self.scaler.scale(loss).backward()
        return loss.detach()


def _chunks(masks: Mapping[str, Tensor], count: int) -> list[dict[str, Tensor]]:
    split = {name: mask.chunk(count) for name, mask in masks.items()}
    return [{name: parts[index] for name, parts in split.items()} for index in range(count)]
