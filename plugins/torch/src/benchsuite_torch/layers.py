"""Ops that become a `torch.nn` layer: those with weights, and those that know a mode."""

import operator
from collections.abc import Mapping
from typing import Any

import torch
from torch import fx, nn

from benchsuite.graph import Node
from benchsuite_torch.call import Call


def layer(call: Call) -> fx.Node:
    """The layer called with the op's one input."""
    return call.layer(*call.inputs)


def conv(node: Node) -> nn.Module:
    """`nn.Conv2d`."""
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


def dense(node: Node) -> nn.Module:
    """`nn.Linear`, of the last axis."""
    units, features = node.weights[0].shape
    return nn.Linear(features, units, bias=bool(node.attrs["bias"]))


def batch_norm(node: Node) -> nn.Module:
    """`nn.BatchNorm2d` of images, `nn.BatchNorm1d` of vectors."""
    norm = nn.BatchNorm2d if len(node.shape) == 3 else nn.BatchNorm1d  # noqa: PLR2004 - (H, W, C)
    return norm(node.shape[-1], eps=node.attrs["epsilon"], momentum=node.attrs["momentum"])


def layer_norm(node: Node) -> nn.Module:
    """`nn.LayerNorm`, of the last axis."""
    return nn.LayerNorm(node.shape[-1], eps=node.attrs["epsilon"])


def dropout(node: Node) -> nn.Module:
    """`nn.Dropout`."""
    return nn.Dropout(node.attrs["rate"])


class StochasticDepth(nn.Module):  # type: ignore[misc] # torch is Any here
    """Drops whole examples in training, as torchvision's `StochasticDepth(rate, "row")`."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Any) -> Any:  # noqa: ANN401 - tensors (N, …)
        """Zero each example with probability `rate`, and scale the others by 1/(1-rate)."""
        if not self.training or self.rate == 0.0:
            return x
        survival = 1.0 - self.rate
        mask = torch.empty((len(x), *[1] * (x.ndim - 1)), dtype=x.dtype, device=x.device)
        mask.bernoulli_(survival)
        if survival > 0.0:
            mask.div_(survival)
        return x * mask

    def extra_repr(self) -> str:
        """What the layer's repr shows."""
        return f"rate={self.rate:g}"


def stochastic_depth(node: Node) -> nn.Module:
    """PyTorch has no such layer of its own."""
    attrs: Mapping[str, Any] = node.attrs
    return StochasticDepth(attrs["rate"])


def attention(node: Node) -> nn.Module:
    """`nn.MultiheadAttention`."""
    return nn.MultiheadAttention(node.shape[-1], node.attrs["heads"], batch_first=True)


def call_attention(call: Call) -> fx.Node:
    """Self-attention: the layer's first result; the other would be the attention weights."""
    tokens = call.inputs[0]
    pair = call.layer(tokens, tokens, tokens, need_weights=False)
    return call.forward.call_function(operator.getitem, (pair, 0))


def parameter(node: Node) -> nn.Parameter:
    """The one weight of an op that is not a layer."""
    return nn.Parameter(torch.empty(node.weights[0].shape))
