"""MobileNets.

Sandler et al. 2018, MobileNetV2: Inverted residuals and linear bottlenecks,
arXiv:1801.04381.

Names, structure and initial weights are torchvision's: convolutions start as
`kaiming_normal_(mode="fan_out")` (for a depthwise one that is k²·C, PyTorch's definition),
BatchNorm as one and zero, the head as N(0, 0.01²) with zero biases.
"""

from __future__ import annotations

from benchsuite.graph import Builder, Node, architecture
from benchsuite.graph.initializers import kaiming_normal_fan_out, normal, zeros

#: Table 2 of the paper: expansion, filters, blocks, stride of the first block.
_STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


def _conv_bn(
    net: Builder,
    x: Node,
    filters: int,
    kernel: int,
    *,
    names: tuple[str, str] = ("0", "1"),
    stride: int = 1,
    groups: int = 1,
) -> Node:
    x = net.conv(
        x,
        filters,
        kernel,
        stride=stride,
        padding=kernel // 2,
        groups=groups,
        bias=False,
        init=kaiming_normal_fan_out,
        name=names[0],
    )
    return net.batch_norm(x, name=names[1])


def _inverted_residual(net: Builder, x: Node, filters: int, expansion: int, stride: int) -> Node:
    """Widen (1×1), filter each channel (3×3), project (1×1, linear), and add the input."""
    y, position, hidden = x, 0, expansion * x.shape[-1]
    with net.scope("conv"):
        if expansion > 1:
            with net.scope("0"):
                y = net.relu6(_conv_bn(net, y, hidden, 1))
            position = 1
        with net.scope(f"{position}"):
            y = net.relu6(_conv_bn(net, y, hidden, 3, stride=stride, groups=hidden))
        y = _conv_bn(net, y, filters, 1, names=(f"{position + 1}", f"{position + 2}"))
    return net.add(x, y) if stride == 1 and x.shape == y.shape else y


@architecture(
    input_shape=(224, 224, 3),
    classes=1000,
    paper="Sandler et al. 2018, MobileNetV2: Inverted residuals and linear bottlenecks",
)
def mobilenet_v2(net: Builder, images: Node, classes: int) -> Node:
    """MobileNetV2: inverted residuals on depthwise convolutions."""
    with net.scope("features"):
        with net.scope("0"):
            x = net.relu6(_conv_bn(net, images, 32, 3, stride=2))
        number = 1
        for expansion, filters, depth, first_stride in _STAGES:
            for index in range(depth):
                with net.scope(f"{number}"):
                    stride = first_stride if index == 0 else 1
                    x = _inverted_residual(net, x, filters, expansion, stride)
                number += 1
        with net.scope(f"{number}"):
            x = net.relu6(_conv_bn(net, x, 1280, 1))
    x = net.dropout(net.global_avg_pool(x), 0.2)
    return net.dense(x, classes, name="classifier.1", init=normal(0.01), bias_init=zeros)
