"""Activations, dropout, sums and products."""

from collections.abc import Callable
from typing import Any

from keras import layers

from benchsuite_keras.layers.dropout import Dropout
from benchsuite_keras.ops.call import Call, Lowered


def activation(call: Call, function: str | Callable[..., Any]) -> Lowered:
    """One of Keras' activations, or a function of a tensor."""
    return Lowered(layers.Activation(function, **call.options())(call.inputs[0]))


def dropout(call: Call) -> Lowered:
    """Dropout."""
    return Lowered(Dropout(call.attr("rate"), **call.random_options())(call.inputs[0]))


def stochastic_depth(call: Call) -> Lowered:
    """Dropout of whole examples: one decision for all of an example's elements."""
    per_example = (None, *(1 for _ in call.shapes[0]))
    layer = Dropout(call.attr("rate"), noise_shape=per_example, **call.random_options())
    return Lowered(layer(call.inputs[0]))


def add(call: Call) -> Lowered:
    """The sum of two tensors."""
    return Lowered(layers.Add(**call.options())(list(call.inputs)))


def multiply(call: Call) -> Lowered:
    """The product of two tensors; a gate per channel holds for all positions."""
    return Lowered(layers.Multiply(**call.options())(list(call.inputs)))
