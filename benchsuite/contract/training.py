"""What a backend must know to take training steps exactly as every other backend does."""

from __future__ import annotations

from typing import Literal

import msgspec


class UpdateRule(msgspec.Struct, frozen=True, kw_only=True):
    """One optimiser's update, with PyTorch's semantics in every backend.

    sgd:   v = momentum·v + g;  p -= lr·v          (`torch.optim.SGD`)
    adam:  Kingma and Ba 2015, algorithm 1; epsilon is added to sqrt(v̂), after the bias
           correction (`torch.optim.Adam`)

    The learning rate comes with each step; it is not part of the rule.
    """

    optimizer: Literal["sgd", "adam"] = "sgd"
    momentum: float = 0.9
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8


class Normalizer(msgspec.Struct, frozen=True):
    """Turns uint8 images into float32 on the device: x · scale + shift, per channel.

    `scale` and `shift` have one entry per channel, or one for all.
    """

    scale: tuple[float, ...] = (1.0 / 255.0,)
    shift: tuple[float, ...] = (0.0,)
