"""Number formats: what weights have, what layers compute in, and how a loss is scaled."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch

from benchsuite.contract import LossScaling

_COMPUTED_IN = {"bf16": torch.bfloat16, "fp16": torch.float16}
_SCALING = LossScaling()


def weight_dtype(precision: str) -> Any:  # noqa: ANN401 - a torch.dtype
    """Of weights, logits and losses."""
    return torch.float64 if precision == "fp64" else torch.float32


def computed_in(precision: str) -> Any:  # noqa: ANN401 - a torch.dtype
    """What layers compute in."""
    return _COMPUTED_IN.get(precision, weight_dtype(precision))


def computes_in_half(precision: str) -> bool:
    """Whether layers do."""
    return precision in _COMPUTED_IN


def autocast(precision: str, device: Any) -> AbstractContextManager[Any]:  # noqa: ANN401 - a torch.device
    """In which a module computes in the precision; may be entered again and again."""
    if not computes_in_half(precision):
        return nullcontext()
    entered: AbstractContextManager[Any] = torch.autocast(device.type, _COMPUTED_IN[precision])
    return entered


def grad_scaler(precision: str, device: Any) -> Any:  # noqa: ANN401 - torch's own
    """What scales a loss in fp16; None elsewhere: even one that does nothing takes time."""
    if precision != "fp16":
        return None
    return torch.amp.GradScaler(
        device.type,
        init_scale=_SCALING.first,
        growth_interval=_SCALING.steps_until_doubled,
    )
