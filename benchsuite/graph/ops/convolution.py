"""Convolution."""

import math
from functools import reduce

from benchsuite.errors import ShapeError
from benchsuite.graph import initializers
from benchsuite.graph.initializers import Rule
from benchsuite.graph.node import Attribute, Node, Shape
from benchsuite.graph.ops import op, sliding
from benchsuite.graph.ops.arrays import Array, np
from benchsuite.graph.ops.op import Attrs, Backward, Gradients, NodeWeights, Op
from benchsuite.graph.ops.sliding import Size, pair, taps
from benchsuite.graph.recorder import Recorder


def _shape(attrs: Attrs, inputs: op.Shapes) -> Shape:
    channels, groups, filters = inputs[0][2], attrs["groups"], attrs["filters"]
    if channels % groups or filters % groups:
        raise ShapeError(
            f"groups={groups} must divide both the {channels} input channels "
            f"and the {filters} filters"
        )
    return (*sliding.window_shape(attrs, inputs)[:2], filters)


def _weights(attrs: Attrs, inputs: op.Shapes) -> op.Layout:
    kernel = (attrs["filters"], inputs[0][2] // attrs["groups"], *attrs["kernel"])
    return op.affine_weights(kernel, bias=attrs["bias"])


def _macs(attrs: Attrs, inputs: op.Shapes, output: Shape) -> int:
    per_element: int = math.prod(attrs["kernel"]) * inputs[0][2] // attrs["groups"]
    return math.prod(output) * per_element


def _conv(attrs: Attrs, weights: NodeWeights, x: Array) -> Array:
    """Cross-correlation with zero padding, (N, H, W, C) -> (N, H', W', F).

    Group g of the filters sees group g of the channels; the weight is (F, C/groups, kh, kw).
    """
    kernel, groups = weights["weight"], attrs["groups"]
    views = zip(taps(attrs), sliding.all_seen(attrs, x, 0.0), strict=True)
    mixed = (_mix(view, kernel[:, :, row, column], groups) for (row, column), view in views)
    y: Array = reduce(np.add, mixed)
    return y + weights["bias"] if attrs["bias"] else y


def _derivative(at: Backward) -> Gradients:
    """By the input: each tap's matrix, transposed; by the kernel: gradient times input."""
    attrs, x, g, groups, kernel = at.attrs, at.x, at.g, at.attrs["groups"], at.weights["weight"]
    by_role = {"weight": np.zeros_like(kernel)}
    for (row, column), view in zip(taps(attrs), sliding.all_seen(attrs, x, 0.0), strict=True):
        by_role["weight"][:, :, row, column] = _by_matrix(view, g, groups)
    if attrs["bias"]:
        by_role["bias"] = g.sum(axis=(0, 1, 2))
    shares = (
        _mix(g, _transposed(kernel[:, :, row, column], groups), groups)
        for row, column in taps(attrs)
    )
    return (sliding.given_back(attrs, x, shares),), by_role


def _mix(x: Array, matrix: Array, groups: int) -> Array:
    """(…, C) -> (…, F) by a matrix (F, C/groups); group g of F sees group g of C."""
    if groups == 1:
        product: Array = x @ matrix.T
        return product
    if matrix.shape == (groups, 1):  # one filter for each channel
        return x * matrix[:, 0]
    apart = x.reshape(*x.shape[:-1], groups, 1, -1)
    by_group = matrix.T.reshape(-1, groups, len(matrix) // groups).transpose(1, 0, 2)
    mixed: Array = (apart @ by_group).reshape(*x.shape[:-1], len(matrix))
    return mixed


def _transposed(matrix: Array, groups: int) -> Array:
    """(F, C/groups) -> (C, F/groups), group by group."""
    by_group = matrix.reshape(groups, -1, matrix.shape[1]).swapaxes(1, 2)
    transposed: Array = by_group.reshape(groups * matrix.shape[1], -1)
    return transposed


def _by_matrix(x: Array, g: Array, groups: int) -> Array:
    """The gradient by a matrix (F, C/groups) of `_mix`."""
    by_matrix: Array
    if groups == 1:
        by_matrix = g.reshape(-1, g.shape[-1]).T @ x.reshape(-1, x.shape[-1])
    elif x.shape == g.shape and groups == x.shape[-1]:
        by_matrix = (x * g).sum(axis=(0, 1, 2))[:, np.newaxis]
    else:
        rows, gradients = (array.reshape(-1, groups, array.shape[-1] // groups) for array in (x, g))
        by_matrix = np.einsum("mgf,mgc->gfc", gradients, rows).reshape(g.shape[-1], -1)
    return by_matrix


def _example(what: str, shape: Shape, filters: int, kernel: Size, **options: object) -> op.Example:
    return op.Example(what, shape, op.use("conv", filters, kernel, name="conv", **options))


_EXAMPLES = (
    *(
        _example(what, shape, 4, kernel, stride=stride, padding=padding)
        for shape in (op.EVEN, op.ODD, op.GREY)
        for what, kernel, stride, padding in (
            ("1x1", 1, 1, 0),
            ("1x1-stride2", 1, 2, 0),
            ("3x3-padding1-stride2", 3, 2, 1),
            ("7x7-padding3-stride2", 7, 2, 3),
        )
    ),
    _example("3x3", op.EVEN, 4, 3),
    _example("3x3-without-bias", op.ODD, 4, 3, bias=False),
    _example("5x5-padding2", op.GREY, 4, 5, padding=2),
    _example("patches", (8, 12, 3), 5, 4, stride=4),
    _example("2x3-uneven", op.ODD, 4, (2, 3), stride=(1, 2), padding=(0, 1)),
    _example("3x3-groups2", (7, 8, 4), 6, 3, padding=1, groups=2),
    _example("3x3-depthwise", op.ODD, 3, 3, padding=1, groups=3),
    _example("3x3-depthwise-stride2", op.EVEN, 3, 3, stride=2, padding=1, groups=3),
    _example("3x3-depthwise-twice-as-many", op.ODD, 6, 3, padding=1, groups=3),
)
CONV = Op("conv", _conv, _derivative, _EXAMPLES, shape=_shape, weights=_weights, macs=_macs, rank=3)
OPS = (CONV,)


class Convolution(Recorder):
    """The builder's convolution."""

    def conv(
        self,
        x: Node,
        filters: int,
        kernel: Size,
        *,
        name: str,
        stride: Size = 1,
        padding: Size = 0,
        groups: int = 1,
        bias: bool = True,
        init: Rule = initializers.fan_in_uniform,
        bias_init: Rule = initializers.fan_in_uniform,
    ) -> Node:
        """2-D cross-correlation, (H, W, C) -> (H', W', filters); zero padding on both sides."""
        attrs: dict[str, Attribute] = {
            "filters": filters,
            "kernel": pair(kernel),
            "stride": pair(stride),
            "padding": pair(padding),
            "groups": groups,
            "bias": bias,
        }
        return self._add(CONV, name, (x,), attrs, {"weight": init, "bias": bias_init})
