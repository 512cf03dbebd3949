"""Activations at the precision of their inputs."""

import math

import keras
from keras import ops

from benchsuite_keras.layers.registry import KerasTensor, register


@register  # type: ignore[untyped-decorator] # keras is Any
def exact_gelu(inputs: KerasTensor) -> KerasTensor:
    """X Φ(x) with the exact normal distribution function, at full precision in float64 too.

    There TensorFlow's own kernel takes √2 in float32.
    """
    if keras.backend.standardize_dtype(inputs.dtype) == "float64":
        return inputs * 0.5 * (1.0 + ops.erf(inputs * math.sqrt(0.5)))
    return ops.gelu(inputs, approximate=False)


@register  # type: ignore[untyped-decorator] # keras is Any
def exact_hard_sigmoid(inputs: KerasTensor) -> KerasTensor:
    """min(max(x + 3, 0), 6) / 6, with gradients at full precision in float64 too.

    There PyTorch's own backward kernel takes 1/6 in float32.
    """
    if keras.backend.standardize_dtype(inputs.dtype) == "float64":
        return ops.relu6(inputs + 3.0) / 6.0
    return ops.hard_sigmoid(inputs)
