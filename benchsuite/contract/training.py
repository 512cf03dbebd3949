"""What a backend must know to take training steps exactly as every other backend does."""

from __future__ import annotations

from typing import Literal

import msgspec

from benchsuite.graph import Weight


class UpdateRule(msgspec.Struct, frozen=True, kw_only=True):
    """One optimiser's update, with PyTorch's semantics in every backend.

    sgd:      v = momentum·v + g;  p -= lr·v                              (`torch.optim.SGD`)
    adam:     Kingma and Ba 2015, algorithm 1; epsilon is added to sqrt(v̂), after the bias
              correction                                                 (`torch.optim.Adam`)
    rmsprop:  s = alpha·s + (1-alpha)·g²;  v = momentum·v + g/(sqrt(s) + epsilon);  p -= lr·v
                                                                      (`torch.optim.RMSprop`)

    weight_decay, decay: coupled adds weight_decay·p to g before all else; decoupled multiplies
    p by 1 - lr·weight_decay before the step (Loshchilov and Hutter 2019; `torch.optim.AdamW`).
    decayed: `all` weights, or only `matrices`: those of two axes or more, so neither biases nor
    the scales of normalisations.

    The learning rate comes with each step; it is not part of the rule.
    """

    optimizer: Literal["sgd", "adam", "rmsprop"] = "sgd"
    momentum: float = 0.9
    beta1: float = 0.9
    beta2: float = 0.999
    alpha: float = 0.99
    epsilon: float = 1e-8
    weight_decay: float = 0.0
    decay: Literal["coupled", "decoupled"] = "coupled"
    decayed: Literal["all", "matrices"] = "all"

    def decays(self, weight: Weight) -> bool:
        """Whether the weight decay reaches this weight."""
        return self.weight_decay != 0 and (self.decayed == "all" or len(weight.shape) > 1)


class Normalizer(msgspec.Struct, frozen=True):
    """Turns uint8 images into the session's floats on its device: x · scale + shift, per channel.

    `scale` and `shift` have one entry per channel, or one for all. The sum is taken in the
    session's precision: a compiler may round once where another rounds twice.
    """

    scale: tuple[float, ...] = (1.0 / 255.0,)
    shift: tuple[float, ...] = (0.0,)
