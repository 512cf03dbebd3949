"""The op vocabulary: the shape rule, weight layout and MAC rule of each op.

What an op computes is defined by `benchsuite.reference.ops`. MACs count
convolutions, dense layers and attention products only; padding counts as dense work
(torchvision's convention).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchsuite.errors import ShapeError
from benchsuite.graph.node import Shape

Attrs = Mapping[str, Any]
Shapes = Sequence[Shape]
#: role -> (shape in PyTorch's layout, trainable)
Layout = dict[str, tuple[Shape, bool]]


@dataclass(frozen=True, slots=True)
class Op:
    """The rules of one op.

    rank: of its first input; None where any will do.
    view: whether, in evaluation mode, its output is its input's memory, or a part of it.
    """

    shape: Callable[[Attrs, Shapes], Shape] = lambda attrs, inputs: inputs[0]
    weights: Callable[[Attrs, Shapes], Layout] = lambda attrs, inputs: {}
    macs: Callable[[Attrs, Shapes, Shape], int] = lambda attrs, inputs, output: 0
    rank: int | None = None
    view: bool = False


# Windows: convolution and pooling.


def window_extent(
    extent: int, kernel: int, stride: int, padding: int, *, ceil: bool = False
) -> int:
    """Output extent of a window sliding over one axis, rounded down, or up with `ceil`.

    Rounded up, the last window may reach beyond the padding, but starts within the input or
    the padding before it (`torch.nn.MaxPool2d`, `ceil_mode`).
    """
    room = extent + 2 * padding - kernel
    if not ceil:
        return room // stride + 1
    count = -(-room // stride) + 1
    return count if (count - 1) * stride < extent + padding else count - 1


def _window_shape(attrs: Attrs, inputs: Shapes) -> Shape:
    height, width, channels = inputs[0]
    ceil = attrs.get("ceil", False)
    extents = [
        window_extent(extent, *window, ceil=ceil)
        for extent, *window in zip(
            (height, width), attrs["kernel"], attrs["stride"], attrs["padding"], strict=True
        )
    ]
    if min(extents) < 1:
        kernel = "×".join(map(str, attrs["kernel"]))
        raise ShapeError(f"a {kernel} window does not fit into an input of {height}×{width}")
    return (*extents, channels)


def _conv_shape(attrs: Attrs, inputs: Shapes) -> Shape:
    channels, groups, filters = inputs[0][2], attrs["groups"], attrs["filters"]
    if channels % groups or filters % groups:
        raise ShapeError(
            f"groups={groups} must divide both the {channels} input channels "
            f"and the {filters} filters"
        )
    return (*_window_shape(attrs, inputs)[:2], filters)


def _linear(attrs: Attrs, matrix: Shape) -> Layout:
    """A matrix or kernel, its outputs first, and their bias where there is one."""
    layout: Layout = {"weight": (matrix, True)}
    if attrs["bias"]:
        layout["bias"] = ((matrix[0],), True)
    return layout


def _conv_weights(attrs: Attrs, inputs: Shapes) -> Layout:
    channels = inputs[0][2] // attrs["groups"]
    return _linear(attrs, (attrs["filters"], channels, *attrs["kernel"]))


def _conv_macs(attrs: Attrs, inputs: Shapes, output: Shape) -> int:
    taps: int = math.prod(attrs["kernel"]) * inputs[0][2] // attrs["groups"]
    return math.prod(output) * taps


# Dense layers, normalisation.


def _layer_norm_weights(attrs: Attrs, inputs: Shapes) -> Layout:
    channels = (inputs[0][-1],)
    return {"weight": (channels, True), "bias": (channels, True)}


def _batch_norm_weights(attrs: Attrs, inputs: Shapes) -> Layout:
    channels = (inputs[0][-1],)
    return {
        **_layer_norm_weights(attrs, inputs),
        "running_mean": (channels, False),
        "running_var": (channels, False),
    }


# Structure.


def _add_shape(attrs: Attrs, inputs: Shapes) -> Shape:
    if inputs[0] != inputs[1]:
        raise ShapeError(f"cannot add {inputs[0]} and {inputs[1]}: the shapes must be equal")
    return inputs[0]


def _multiply_shape(attrs: Attrs, inputs: Shapes) -> Shape:
    x, gates = inputs
    if gates not in (x, (1, 1, x[-1])):
        raise ShapeError(
            f"cannot multiply {x} by {gates}: the second must have the shape of the first, or "
            "one value per channel, (1, 1, C)"
        )
    return x


def _concat_shape(attrs: Attrs, inputs: Shapes) -> Shape:
    if len({shape[:-1] for shape in inputs}) != 1:
        raise ShapeError(
            f"cannot concatenate {', '.join(map(str, inputs))}: all but the last axis must agree"
        )
    return (*inputs[0][:-1], sum(shape[-1] for shape in inputs))


# Sequences of tokens, (T, D).


def _select_token_shape(attrs: Attrs, inputs: Shapes) -> Shape:
    tokens, width = inputs[0]
    if not 0 <= attrs["index"] < tokens:
        raise ShapeError(f"index={attrs['index']} must be one of the {tokens} tokens, from 0 on")
    return (width,)


def _attention_shape(attrs: Attrs, inputs: Shapes) -> Shape:
    if inputs[0][1] % attrs["heads"]:
        raise ShapeError(f"heads={attrs['heads']} must divide the width {inputs[0][1]}")
    return inputs[0]


def _attention_weights(attrs: Attrs, inputs: Shapes) -> Layout:
    width = inputs[0][1]
    return {
        "in_proj_weight": ((3 * width, width), True),
        "in_proj_bias": ((3 * width,), True),
        "out_proj.weight": ((width, width), True),
        "out_proj.bias": ((width,), True),
    }


def _attention_macs(attrs: Attrs, inputs: Shapes, output: Shape) -> int:
    tokens, width = inputs[0]
    projections = 4 * tokens * width * width
    scores_and_values = 2 * tokens * tokens * width
    return projections + scores_and_values


OPS: Mapping[str, Op] = {
    "input": Op(),
    "conv": Op(_conv_shape, _conv_weights, _conv_macs, rank=3),
    "dense": Op(
        lambda attrs, inputs: (*inputs[0][:-1], attrs["units"]),
        lambda attrs, inputs: _linear(attrs, (attrs["units"], inputs[0][-1])),
        lambda attrs, inputs, output: math.prod(output) * inputs[0][-1],
    ),
    "batch_norm": Op(weights=_batch_norm_weights),
    "layer_norm": Op(weights=_layer_norm_weights),
    "relu": Op(),
    "relu6": Op(),
    "tanh": Op(),
    "gelu": Op(),
    "sigmoid": Op(),
    "silu": Op(),
    "hard_sigmoid": Op(),
    "hard_swish": Op(),
    "dropout": Op(view=True),
    "stochastic_depth": Op(view=True),
    "max_pool": Op(_window_shape, rank=3),
    "avg_pool": Op(_window_shape, rank=3),
    "global_avg_pool": Op(lambda attrs, inputs: (inputs[0][2],), rank=3),
    "adaptive_avg_pool": Op(lambda attrs, inputs: (*attrs["size"], inputs[0][2]), rank=3),
    "local_response_norm": Op(rank=3),
    "layer_scale": Op(weights=lambda attrs, inputs: {"": ((inputs[0][-1], 1, 1), True)}, rank=3),
    "pad_channels": Op(
        lambda attrs, inputs: (*inputs[0][:-1], inputs[0][-1] + attrs["before"] + attrs["after"]),
        rank=3,
    ),
    "add": Op(_add_shape),
    "multiply": Op(_multiply_shape),
    "concat": Op(_concat_shape),
    "flatten": Op(lambda attrs, inputs: (math.prod(inputs[0]),), rank=3, view=True),
    "image_to_sequence": Op(
        lambda attrs, inputs: (math.prod(inputs[0][:2]), inputs[0][2]), rank=3, view=True
    ),
    "class_token": Op(
        lambda attrs, inputs: (inputs[0][0] + 1, inputs[0][1]),
        lambda attrs, inputs: {"": ((1, 1, inputs[0][1]), True)},
        rank=2,
    ),
    "position_embedding": Op(weights=lambda attrs, inputs: {"": ((1, *inputs[0]), True)}, rank=2),
    "self_attention": Op(_attention_shape, _attention_weights, _attention_macs, rank=2),
    "select_token": Op(_select_token_shape, rank=2, view=True),
}
