"""How each op is lowered: to a `torch.nn` layer that is called, or to a function.

Tensors are (N, C, H, W), (N, T, D) or (N, F). Layers without weights become functions,
which cost less to call than modules; functions that PyTorch wraps in Python
(`torch.nn.functional.max_pool2d`) are called by their native name.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import fx, nn

from benchsuite.graph import Node


@dataclass(frozen=True, slots=True)
class Call:
    """One node, about to be written into a generated forward.

    attribute: path of its layer or parameter in the module that the forward belongs to.
    variable: the name that its result gets.
    in_place: whether its first input may be overwritten.
    """

    forward: fx.Graph
    node: Node
    inputs: tuple[fx.Node, ...]
    attribute: str
    variable: str
    in_place: bool

    def layer(self, *args: Any, **kwargs: Any) -> fx.Node:  # noqa: ANN401 - as fx has it
        """`self.<attribute>(…)`."""
        return self._write("call_module", self.attribute, *args, **kwargs)

    def function(self, target: Any, *args: Any, **kwargs: Any) -> fx.Node:  # noqa: ANN401
        """`target(…)`."""
        return self._write("call_function", target, *args, **kwargs)

    def method(self, target: str, *args: Any) -> fx.Node:  # noqa: ANN401 - as fx has it
        """`args[0].target(…)`."""
        return self._write("call_method", target, *args)

    def parameter(self) -> fx.Node:
        """`self.<attribute>`."""
        return self.forward.create_node("get_attr", self.attribute)

    def _write(self, kind: str, target: Any, *args: Any, **kwargs: Any) -> fx.Node:  # noqa: ANN401
        return self.forward.create_node(kind, target, args, kwargs, name=self.variable)


@dataclass(frozen=True, slots=True)
class Lowering:
    """How one op is lowered.

    call: writes the op into a forward and returns its result.
    member: makes the layer or parameter that holds the node's weights.
    ranks: those of the outputs that the lowering is right for; None where any will do.
    """

    call: Callable[[Call], fx.Node]
    member: Callable[[Node], nn.Module | nn.Parameter] | None = None
    ranks: tuple[int, ...] | None = None

    @property
    def is_plain_layer(self) -> bool:
        """Whether the op is a layer called with one tensor, fit for `nn.Sequential`."""
        return self.call is _layer


def _layer(call: Call) -> fx.Node:
    return call.layer(*call.inputs)


# Layers.


def _conv(node: Node) -> nn.Module:
    attrs: Mapping[str, Any] = node.attrs
    filters, channels_per_group, *_ = node.weights[0].shape
    return nn.Conv2d(
        channels_per_group * attrs["groups"],
        filters,
        attrs["kernel"],
        stride=attrs["stride"],
        padding=attrs["padding"],
        groups=attrs["groups"],
        bias=attrs["bias"],
    )


def _dense(node: Node) -> nn.Module:
    units, features = node.weights[0].shape
    return nn.Linear(features, units, bias=bool(node.attrs["bias"]))


def _batch_norm(node: Node) -> nn.Module:
    layer = nn.BatchNorm2d if len(node.shape) == 3 else nn.BatchNorm1d  # noqa: PLR2004 - (H, W, C)
    return layer(node.shape[-1], eps=node.attrs["epsilon"], momentum=node.attrs["momentum"])


def _layer_norm(node: Node) -> nn.Module:
    return nn.LayerNorm(node.shape[-1], eps=node.attrs["epsilon"])


def _dropout(node: Node) -> nn.Module:
    return nn.Dropout(node.attrs["rate"])


def _attention(node: Node) -> nn.Module:
    return nn.MultiheadAttention(node.shape[-1], node.attrs["heads"], batch_first=True)


def _call_attention(call: Call) -> fx.Node:
    tokens = call.inputs[0]
    pair = call.layer(tokens, tokens, tokens, need_weights=False)
    return call.forward.call_function(operator.getitem, (pair, 0))


# Elementwise functions.


def _relu(call: Call) -> fx.Node:
    return call.function(torch.relu_ if call.in_place else torch.relu, *call.inputs)


def _relu6(call: Call) -> fx.Node:
    overwrite = {"inplace": True} if call.in_place else {}
    return call.function(nn.functional.relu6, *call.inputs, **overwrite)


def _tanh(call: Call) -> fx.Node:
    return call.function(torch.tanh, *call.inputs)


def _gelu(call: Call) -> fx.Node:
    approximate = call.node.attrs["approximate"]
    return call.function(nn.functional.gelu, *call.inputs, approximate=approximate)


def _add(call: Call) -> fx.Node:
    return call.function(operator.iadd if call.in_place else operator.add, *call.inputs)


# Windows, structure.


def _max_pool(call: Call) -> fx.Node:
    return call.function(torch.max_pool2d, *call.inputs, *_window(call.node.attrs))


def _avg_pool(call: Call) -> fx.Node:
    return call.function(nn.functional.avg_pool2d, *call.inputs, *_window(call.node.attrs))


def _window(attrs: Mapping[str, Any]) -> list[Any]:
    """Kernel, stride and padding, written as shortly as a person would."""
    kernel, stride, padding = (
        pair[0] if pair[0] == pair[1] else pair
        for pair in (attrs["kernel"], attrs["stride"], attrs["padding"])
    )
    if padding:
        return [kernel, stride, padding]
    return [kernel] if stride == kernel else [kernel, stride]


def _global_avg_pool(call: Call) -> fx.Node:
    return call.function(torch.mean, *call.inputs, (2, 3))


def _flatten(call: Call) -> fx.Node:
    return call.function(torch.flatten, *call.inputs, 1)


# Sequences of tokens.


def _image_to_sequence(call: Call) -> fx.Node:
    rows = call.forward.call_method("flatten", (*call.inputs, 2))  # (N, D, H·W)
    return call.method("transpose", rows, 1, 2)


def _token(node: Node) -> nn.Parameter:
    return nn.Parameter(torch.empty(node.weights[0].shape))


def _class_token(call: Call) -> fx.Node:
    tokens = call.inputs[0]
    count = call.forward.call_method("size", (tokens, 0))
    first = call.forward.call_method("expand", (call.parameter(), count, -1, -1))
    return call.function(torch.cat, [first, tokens], 1)


def _position_embedding(call: Call) -> fx.Node:
    return call.function(operator.add, *call.inputs, call.parameter())


def _select_token(call: Call) -> fx.Node:
    return call.method("select", *call.inputs, 1, call.node.attrs["index"])


LOWERINGS: Mapping[str, Lowering] = {
    "conv": Lowering(_layer, _conv),
    # These three work on the last axis, which for an image is not where PyTorch has channels.
    "dense": Lowering(_layer, _dense, ranks=(1, 2)),
    "layer_norm": Lowering(_layer, _layer_norm, ranks=(1, 2)),
    "batch_norm": Lowering(_layer, _batch_norm, ranks=(1, 3)),
    "dropout": Lowering(_layer, _dropout),
    "relu": Lowering(_relu),
    "relu6": Lowering(_relu6),
    "tanh": Lowering(_tanh),
    "gelu": Lowering(_gelu),
    "add": Lowering(_add),
    "max_pool": Lowering(_max_pool),
    "avg_pool": Lowering(_avg_pool),
    "global_avg_pool": Lowering(_global_avg_pool),
    "flatten": Lowering(_flatten),
    "image_to_sequence": Lowering(_image_to_sequence),
    "class_token": Lowering(_class_token, _token),
    "position_embedding": Lowering(_position_embedding, _token),
    "self_attention": Lowering(_call_attention, _attention, ranks=(2,)),
    "select_token": Lowering(_select_token),
}

#: Ops that yield a tensor of their own, which their gradient does not need again.
OVERWRITABLE = frozenset({"conv", "dense", "batch_norm", "add"})
