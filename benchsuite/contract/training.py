"""What a backend must know to take training steps exactly as every other backend does."""

from typing import Literal

import msgspec

from benchsuite.graph import Weight


class UpdateRule(msgspec.Struct, frozen=True, kw_only=True):
    """What a step does with a batch, with PyTorch's semantics in every backend.

    sgd:      v = momentum·v + g;  p -= lr·v, or lr·(g + momentum·v) with `nesterov`
                                                                          (`torch.optim.SGD`)
    adam:     Kingma and Ba 2015, algorithm 1; epsilon is added to sqrt(v̂), after the bias
              correction                                                 (`torch.optim.Adam`)
    rmsprop:  s = alpha·s + (1-alpha)·g²;  v = momentum·v + g/(sqrt(s) + epsilon);  p -= lr·v
                                                                      (`torch.optim.RMSprop`)

    weight_decay, decay: coupled adds weight_decay·p to g before all else; decoupled multiplies
    p by 1 - lr·weight_decay before the step (Loshchilov and Hutter 2019; `torch.optim.AdamW`).
    decayed: `all` weights, or only `matrices`: those of two axes or more, so neither biases nor
    the scales of normalisations.

    micro_batches: equal parts, in order, of a batch that pass one after the other; g is the mean
    of their gradients, and the loss that of their losses.
    clip_norm: g·min(1, clip_norm / (n + 1e-6)), n the norm of all gradients as one vector, before
    the weight decay (`torch.nn.utils.clip_grad_norm_`).
    focal_gamma: the loss is the mean of -Σ target·(1-p)^gamma·log p over the classes (Lin et al.
    2017, equation 4, without its alpha); 0 is cross-entropy.
    ema: after each step a = ema·a + (1-ema)·p, of trainable weights, from their first values:
    see `Session.averaged_weights`.

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
    nesterov: bool = False
    micro_batches: int = 1
    clip_norm: float | None = None
    focal_gamma: float = 0.0
    ema: float | None = None

    def decays(self, weight: Weight) -> bool:
        """Whether the weight decay reaches this weight."""
        return self.weight_decay != 0 and (self.decayed == "all" or len(weight.shape) > 1)


class LossScaling(msgspec.Struct, frozen=True, kw_only=True):
    """How fp16 keeps small gradients (Micikevicius et al. 2018, section 3.2).

    As `torch.amp.GradScaler` does: gradients are of the loss times a scale, and divided by it
    before anything is done with them. Where one is not finite, the step leaves weights and
    optimiser alone and the scale is halved; it is doubled after so many steps in a row that were
    taken.
    """

    # `GradScaler`'s own defaults.
    first: float = 65536.0
    steps_until_doubled: int = 2000


class Normalizer(msgspec.Struct, frozen=True):
    """Turns uint8 images into the session's floats on its device: x · scale + shift, per channel.

    `scale` and `shift` have one entry per channel, or one for all. The sum is taken in the
    session's precision: a compiler may round once where another rounds twice.
    """

    scale: tuple[float, ...] = (1.0 / 255.0,)
    shift: tuple[float, ...] = (0.0,)
