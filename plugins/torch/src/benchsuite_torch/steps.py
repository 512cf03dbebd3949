"""One training step, as a setup's update rule has it."""

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
        # Autograd's nodes of the parameters live as long as a graph does; a loop by hand keeps its
        # last loss, and so them, until it has the next. Made anew they are 1 % of LeNet-5's step.
        self._last_loss: Tensor = None
        self.average = None if rule.ema is None else MovingAverage(module, rule.ema)

    def __call__(
        self, images: Tensor, labels: Tensor, masks: Mapping[str, Tensor], rate: float
    ) -> Tensor:
        """Take the step, and return the loss before it, still on the device."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        loss = self.backward(images, labels, masks)
        if self._rule.clip_norm is not None:
            if self.scaler:
                self.scaler.unscale_(self.optimizer)
            clip_grad_norm_(self._module.parameters(), self._rule.clip_norm)
        if self.scaler:
            self.scaler.step(self.optimizer)
            self.scaler.update()
        else:
            self.optimizer.step()
        if self.average is not None:
            self.average.update()
        return loss

    def forward(self, images: Tensor, labels: Tensor, masks: Mapping[str, Tensor]) -> Tensor:
        """The loss alone; what was kept for the gradients is dropped again."""
        parts = self._parts(images, labels, masks)
        return _mean([self._loss(*part).detach() for part in parts])

    def backward(self, images: Tensor, labels: Tensor, masks: Mapping[str, Tensor]) -> Tensor:
        """The loss; the parameters' `.grad` are then those of the batch, in fp16 scaled."""
        self.optimizer.zero_grad(set_to_none=True)
        parts = self._parts(images, labels, masks)
        return _mean([self._backward(*part, of=len(parts)) for part in parts])

    def _backward(
        self, images: Tensor, labels: Tensor, masks: Mapping[str, Tensor], *, of: int
    ) -> Tensor:
        loss = self._last_loss = self._loss(images, labels, masks)
        share = loss if of == 1 else loss / of
        (self.scaler.scale(share) if self.scaler else share).backward()
        return loss.detach()

    @property
    def gradients(self) -> list[Tensor]:
        """Of all parameters, as the last `backward` left them."""
        return [p.grad for group in self.optimizer.param_groups for p in group["params"]]

    def _loss(self, images: Tensor, labels: Tensor, masks: Mapping[str, Tensor]) -> Tensor:
        if not masks:
            return mean_loss(self._forward(images), labels, self._rule.focal_gamma)
        with drawn_masks(self._module, masks):
            return mean_loss(self._forward(images), labels, self._rule.focal_gamma)

    def _parts(
        self, images: Tensor, labels: Tensor, masks: Mapping[str, Tensor]
    ) -> list[tuple[Tensor, Tensor, Mapping[str, Tensor]]]:
        """A batch's micro-batches, in order."""
        count = self._rule.micro_batches
        if count == 1:
            return [(images, labels, masks)]
        split = images.chunk(count), labels.chunk(count), _chunks(masks, count)
        return list(zip(*split, strict=True))


def _mean(losses: list[Tensor]) -> Tensor:
    return losses[0] if len(losses) == 1 else torch.stack(losses).mean()


def _chunks(masks: Mapping[str, Tensor], count: int) -> list[dict[str, Tensor]]:
    split = {name: mask.chunk(count) for name, mask in masks.items()}
    return [{name: parts[index] for name, parts in split.items()} for index in range(count)]
