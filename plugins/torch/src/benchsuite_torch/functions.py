"""Ops that become calls of functions: without weights, or with one that they only read.

They cost less to call than modules; functions that PyTorch wraps in Python
(`torch.nn.functional.max_pool2d`) are called by their native name.
"""

import operator
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import fx, nn

from benchsuite_torch.call import Call

# Elementwise functions. Those that overwrite need only their result for their gradient, or
# have autograd keep a copy, as with torchvision's `nn.SiLU(inplace=True)`.


def relu(call: Call) -> fx.Node:
    """max(x, 0)."""
    return call.function(torch.relu_ if call.in_place else torch.relu, *call.inputs)


def sigmoid(call: Call) -> fx.Node:
    """1 / (1 + exp(-x))."""
    return call.function(torch.sigmoid_ if call.in_place else torch.sigmoid, *call.inputs)


def overwriting(function: Any) -> Callable[[Call], fx.Node]:  # noqa: ANN401 - of torch.nn
    """The lowering to a function of `torch.nn.functional` that takes `inplace`."""

    def write(call: Call) -> fx.Node:
        overwrite = {"inplace": True} if call.in_place else {}
        return call.function(function, *call.inputs, **overwrite)

    return write


def hard_sigmoid(call: Call) -> fx.Node:
    """The quotient min(max(x + 3, 0), 6) / 6."""
    return call.function(nn.functional.hardsigmoid, *call.inputs)


def exact_hard_sigmoid(x: Any) -> Any:  # noqa: ANN401 - a tensor
    """The same, whose gradient's 1/6 is no float32 in float64: see docs/explanation/parity.md."""
    return nn.functional.relu6(x + 3) / 6


#: What PyTorch's kernels round to float32 even in float64, and what does not.
EXACT = {nn.functional.hardsigmoid: exact_hard_sigmoid}


def tanh(call: Call) -> fx.Node:
    """The hyperbolic tangent."""
    return call.function(torch.tanh, *call.inputs)


def gelu(call: Call) -> fx.Node:
    """The exact x Φ(x)."""
    approximate = call.node.attrs["approximate"]
    return call.function(nn.functional.gelu, *call.inputs, approximate=approximate)


def add(call: Call) -> fx.Node:
    """The sum of two tensors."""
    return call.function(operator.iadd if call.in_place else operator.add, *call.inputs)


def multiply(call: Call) -> fx.Node:
    """The product of two tensors; gates (N, C, 1, 1) hold for all positions."""
    return call.function(operator.mul, *call.inputs)


# Windows.


def max_pool(call: Call) -> fx.Node:
    """Largest value of each window."""
    up = {"ceil_mode": True} if call.node.attrs["ceil"] else {}
    return call.function(torch.max_pool2d, *call.inputs, *_window(call.node.attrs), **up)


def avg_pool(call: Call) -> fx.Node:
    """Mean of each window; PyTorch counts the padding unless told otherwise."""
    return call.function(nn.functional.avg_pool2d, *call.inputs, *_window(call.node.attrs))


def _window(attrs: Mapping[str, Any]) -> list[Any]:
    """Kernel, stride and padding, written as shortly as a person would."""
    kernel, stride, padding = (
        _short(attrs["kernel"]),
        _short(attrs["stride"]),
        _short(attrs["padding"]),
    )
    if padding:
        return [kernel, stride, padding]
    return [kernel] if stride == kernel else [kernel, stride]


def _short(pair: tuple[int, int]) -> int | tuple[int, int]:
    return pair[0] if pair[0] == pair[1] else pair


def global_avg_pool(call: Call) -> fx.Node:
    """Mean over height and width."""
    return call.function(torch.mean, *call.inputs, (2, 3))


def adaptive_avg_pool(call: Call) -> fx.Node:
    """Mean of each cell of a grid."""
    attrs: Mapping[str, Any] = call.node.attrs
    return call.function(nn.functional.adaptive_avg_pool2d, *call.inputs, _short(attrs["size"]))


def local_response_norm(call: Call) -> fx.Node:
    """Across channels; PyTorch divides its `alpha` by `size`, the paper does not."""
    attrs: Mapping[str, Any] = call.node.attrs
    return call.function(
        nn.functional.local_response_norm,
        *call.inputs,
        attrs["size"],
        alpha=attrs["alpha"] * attrs["size"],
        beta=attrs["beta"],
        k=attrs["k"],
    )


# Channels and structure.


def layer_scale(call: Call) -> fx.Node:
    """Each channel times its own number, a parameter (C, 1, 1)."""
    return call.function(operator.mul, call.parameter(), *call.inputs)


def pad_channels(call: Call) -> fx.Node:
    """Channels of zeros on both sides; PyTorch counts axes from the last."""
    around = (0, 0, 0, 0, call.node.attrs["before"], call.node.attrs["after"])
    return call.function(nn.functional.pad, *call.inputs, around)


def concat(call: Call) -> fx.Node:
    """Along channels: axis 1 of images and vectors, axis 2 of tokens."""
    axis = 2 if len(call.node.shape) == 2 else 1  # noqa: PLR2004 - (T, D)
    return call.function(torch.cat, list(call.inputs), axis)


def flatten(call: Call) -> fx.Node:
    """All elements as a vector."""
    return call.function(torch.flatten, *call.inputs, 1)


# Sequences of tokens.


def image_to_sequence(call: Call) -> fx.Node:
    """(N, D, H, W) -> (N, H·W, D)."""
    rows = call.forward.call_method("flatten", (*call.inputs, 2))  # (N, D, H·W)
    return call.method("transpose", rows, 1, 2)


def class_token(call: Call) -> fx.Node:
    """The same token before every sequence."""
    tokens = call.inputs[0]
    count = call.forward.call_method("size", (tokens, 0))
    first = call.forward.call_method("expand", (call.parameter(), count, -1, -1))
    return call.function(torch.cat, [first, tokens], 1)


def position_embedding(call: Call) -> fx.Node:
    """Add a parameter (1, T, D)."""
    return call.function(operator.add, *call.inputs, call.parameter())


def select_token(call: Call) -> fx.Node:
    """One token of every sequence."""
    return call.method("select", *call.inputs, 1, call.node.attrs["index"])
