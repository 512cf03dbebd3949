"""A recipe: how a network is trained, so that whoever follows it takes the same steps."""

import sys
from typing import Annotated, Literal

import msgspec

from benchsuite.contract.training import UpdateRule

#: Infinity is no number for JSON, and so none for a record.
_LARGEST = sys.float_info.max
_Positive = Annotated[float, msgspec.Meta(gt=0, le=_LARGEST)]
_NotNegative = Annotated[float, msgspec.Meta(ge=0, le=_LARGEST)]
_Share = Annotated[float, msgspec.Meta(ge=0, lt=1)]
# Records hold whole numbers of 64 bits.
_Count = Annotated[int, msgspec.Meta(ge=1, le=(1 << 63) - 1)]


class Recipe(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False, forbid_unknown_fields=True
):
    """How a network is trained. Keys of a recipe's TOML file, and of `--set`.

    The optimiser, with PyTorch's semantics (see `UpdateRule`):
    optimizer, momentum, nesterov, beta1, beta2, alpha, epsilon: of the update rule. `adamw` is
        `adam` with decoupled decay.
    weight_decay, decay, decayed: how much, whether `coupled` (to the gradient) or `decoupled`
        (None: decoupled for adamw alone), and of which weights.
    clip_norm: the global norm that gradients are scaled down to; None leaves them.
    micro_batches: parts of a batch whose gradients are averaged into one step.
    ema: share of the past in a moving average of the weights, which is then what is evaluated;
        None evaluates the weights themselves.

    How long, and how fast:
    epochs, batch_size: the incomplete last batch of an epoch is left out.
    max_steps: ends training early; None trains every epoch.
    lr: the largest learning rate of the schedule.
    schedule, step_epochs, milestones, gamma, min_lr, patience: see `benchsuite.training.schedules`.
    warmup_epochs: in which the rate first rises to `lr`, step by step.
    early_stopping: epochs without a smaller validation loss after which training ends.
    restore_best: whether the weights with the smallest validation loss are kept, not the last.
    target_top1: a validation accuracy at which training ends: the time to it is reported.

    The loss, cross-entropy from logits:
    label_smoothing: share of a target that is spread over all classes (Szegedy et al. 2016).
    class_weights: `balanced` weighs a class by the inverse of its share of the training split.
    focal_gamma: 0 for cross-entropy, else the focal loss's (Lin et al. 2017, equation 4).

    The images:
    augmentation: names of what the core does to the images of a batch, in this order.
    dropout: `framework` leaves the masks to the framework's random numbers, `drawn` has the core
        draw them, the same for every backend.
    """

    optimizer: Literal["sgd", "adam", "adamw", "rmsprop"] = "adam"
    lr: _Positive = 1e-3
    momentum: _Share = 0.9
    nesterov: bool = False
    beta1: _Share = 0.9
    beta2: _Share = 0.999
    alpha: _Share = 0.99
    epsilon: _Positive = 1e-8
    weight_decay: _NotNegative = 0.0
    decay: Literal["coupled", "decoupled"] | None = None
    decayed: Literal["all", "matrices"] = "all"
    clip_norm: _Positive | None = None
    micro_batches: _Count = 1
    ema: _Share | None = None

    epochs: _Count = 10
    batch_size: _Count = 32
    max_steps: _Count | None = None
    schedule: Literal[
        "constant", "step", "multi_step", "exponential", "cosine", "one_cycle", "plateau"
    ] = "constant"
    step_epochs: _Count = 30
    milestones: tuple[_Count, ...] = ()
    gamma: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.1
    min_lr: _NotNegative = 0.0
    patience: _Count = 10
    warmup_epochs: _NotNegative = 0.0
    early_stopping: _Count | None = None
    restore_best: bool = False
    target_top1: Annotated[float, msgspec.Meta(gt=0, le=1)] | None = None

    label_smoothing: _Share = 0.0
    class_weights: Literal["none", "balanced"] = "none"
    focal_gamma: _NotNegative = 0.0

    augmentation: tuple[str, ...] = ()
    dropout: Literal["framework", "drawn"] = "framework"

    def __post_init__(self) -> None:
        """Raise ValueError for what contradicts itself."""
        if self.schedule == "multi_step" and not self.milestones:
            raise ValueError("schedule 'multi_step' needs milestones, such as [60, 120]")
        if list(self.milestones) != sorted(set(self.milestones)):
            raise ValueError(f"milestones must rise, got {list(self.milestones)}")
        if self.schedule == "one_cycle" and self.warmup_epochs:
            raise ValueError(
                "schedule 'one_cycle' has a warm-up of its own: set warmup_epochs to 0"
            )
        if self.min_lr > self.lr:
            raise ValueError(f"min_lr, {self.min_lr}, is larger than lr, {self.lr}")
        if self.batch_size % self.micro_batches:
            raise ValueError(
                f"a batch of {self.batch_size} has no {self.micro_batches} equal parts: choose "
                "micro_batches that divide batch_size"
            )
        if self.optimizer == "adamw" and self.decay == "coupled":
            raise ValueError("adamw is adam with decoupled decay: for coupled decay, set adam")
        if self.nesterov and not (self.optimizer == "sgd" and self.momentum):
            raise ValueError("nesterov needs optimizer 'sgd' and a momentum")

    @property
    def update_rule(self) -> UpdateRule:
        """What a backend is told of it."""
        fields = {name: getattr(self, name) for name in UpdateRule.__struct_fields__}
        is_adamw = self.optimizer == "adamw"
        fields["decay"] = self.decay or ("decoupled" if is_adamw else "coupled")
        fields["optimizer"] = "adam" if is_adamw else self.optimizer
        return UpdateRule(**fields)
