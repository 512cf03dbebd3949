"""Number formats: what weights have, what layers compute in, and how a loss is scaled."""

from collections.abc import Mapping
from typing import Any

import keras
from keras import layers

from benchsuite.contract import LossScaling

KerasTensor = Any

#: The dtype policy of each precision: tf32 is a setting of the framework's.
POLICIES: Mapping[str, str] = {
    "fp32": "float32",
    "tf32": "float32",
    "bf16": "mixed_bfloat16",
    "fp16": "mixed_float16",
    "fp64": "float64",
}
_SCALING = LossScaling()


def weight_dtype(policy: str) -> str:
    """Of weights, logits and losses: `float32` or `float64`."""
    return str(keras.DTypePolicy(policy).variable_dtype)


def compute_dtype(precision: str) -> str:
    """What layers compute in."""
    return str(keras.DTypePolicy(POLICIES[precision]).compute_dtype)


def in_full_precision(logits: KerasTensor, policy: str) -> KerasTensor:
    """Symbolic logits in the weights' dtype, whatever the layers compute in."""
    dtype = weight_dtype(policy)
    if keras.backend.standardize_dtype(logits.dtype) == dtype:
        return logits
    return layers.Activation("linear", dtype=dtype, name=f"logits_in_{dtype}")(logits)


def with_scaled_loss(optimizer: Any, precision: str) -> Any:  # noqa: ANN401 - keras.Optimizers
    """In fp16, the optimiser within one that scales the loss; elsewhere as it is."""
    if precision != "fp16":
        return optimizer
    return keras.optimizers.LossScaleOptimizer(
        optimizer, _SCALING.first, _SCALING.steps_until_doubled
    )


def rule_optimizer(optimizer: Any) -> Any:  # noqa: ANN401 - keras.Optimizers
    """The one within, where it scales the loss."""
    return getattr(optimizer, "inner_optimizer", optimizer)


def scaled(loss: KerasTensor, optimizer: Any) -> KerasTensor:  # noqa: ANN401 - a keras.Optimizer
    """What gradients are taken of."""
    return loss if rule_optimizer(optimizer) is optimizer else optimizer.scale_loss(loss)
