"""MobileNets.

Sandler et al. 2018, MobileNetV2: Inverted residuals and linear bottlenecks,
arXiv:1801.04381. Howard et al. 2019, Searching for MobileNetV3, arXiv:1905.02244.

Names, structure and initial weights are torchvision's: convolutions start as
`kaiming_normal_(mode="fan_out")` (for a depthwise one that is k²·C, PyTorch's definition),
BatchNorm as one and zero, dense layers as N(0, 0.01²) with zero biases.
"""

from functools import partial

from benchsuite.architectures.blocks import conv_bn, imagenet, inverted_residual, squeeze_excitation
from benchsuite.graph import Builder, Node
from benchsuite.graph.initializers import normal, zeros

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


def _inverted_residual(net: Builder, x: Node, filters: int, expansion: int, stride: int) -> Node:
    """Widen (1×1), filter each channel (3×3), project (1×1, linear), and add the input."""
    y, position, hidden = x, 0, expansion * x.shape[-1]
    with net.scope("conv"):
        if expansion > 1:
            with net.scope("0"):
                y = net.relu6(conv_bn(net, y, hidden, 1))
            position = 1
        with net.scope(f"{position}"):
            y = net.relu6(conv_bn(net, y, hidden, 3, stride=stride, groups=hidden))
        y = conv_bn(net, y, filters, 1, names=(f"{position + 1}", f"{position + 2}"))
    return net.add(x, y) if stride == 1 and x.shape == y.shape else y


@imagenet(paper="Sandler et al. 2018, MobileNetV2: Inverted residuals and linear bottlenecks")
def mobilenet_v2(net: Builder, images: Node, classes: int) -> Node:
    """MobileNetV2: inverted residuals on depthwise convolutions."""
    with net.scope("features"):
        with net.scope("0"):
            x = net.relu6(conv_bn(net, images, 32, 3, stride=2))
        number = 1
        for expansion, filters, depth, first_stride in _STAGES:
            for index in range(depth):
                with net.scope(f"{number}"):
                    stride = first_stride if index == 0 else 1
                    x = _inverted_residual(net, x, filters, expansion, stride)
                number += 1
        with net.scope(f"{number}"):
            x = net.relu6(conv_bn(net, x, 1280, 1))
    x = net.dropout(net.global_avg_pool(x), 0.2)
    return net.dense(x, classes, name="classifier.1", init=normal(0.01), bias_init=zeros)


#: Table 2 of "Searching for MobileNetV3": kernel, expanded and output channels, squeeze and
#: excitation, ReLU or hard-swish, stride.
_SMALL = (
    (3, 16, 16, True, "RE", 2),
    (3, 72, 24, False, "RE", 2),
    (3, 88, 24, False, "RE", 1),
    (5, 96, 40, True, "HS", 2),
    (5, 240, 40, True, "HS", 1),
    (5, 240, 40, True, "HS", 1),
    (5, 120, 48, True, "HS", 1),
    (5, 144, 48, True, "HS", 1),
    (5, 288, 96, True, "HS", 2),
    (5, 576, 96, True, "HS", 1),
    (5, 576, 96, True, "HS", 1),
)

# torchvision's numbers of MobileNetV3; its MobileNetV2 has PyTorch's defaults.
_conv_bn_v3 = partial(conv_bn, epsilon=1e-3, momentum=0.01)


def _divisible(channels: float) -> int:
    """The nearest multiple of 8, but not less than nine tenths of `channels`."""
    # As torchvision's `_make_divisible`, which follows the authors' TensorFlow code.
    nearest = max(8, int(channels + 4) // 8 * 8)
    return nearest if nearest >= 0.9 * channels else nearest + 8


def _bottleneck_v3(net: Builder, x: Node, row: tuple[int, int, int, bool, str, int]) -> Node:
    """A row of table 2: an inverted residual, its channels weighed before it is projected."""
    kernel, hidden, filters, excited, kind, stride = row
    excite = partial(squeeze_excitation, net, activation=net.relu, gate=net.hard_sigmoid)
    squeeze = partial(excite, squeezed=_divisible(hidden / 4)) if excited else None
    block = partial(inverted_residual, net, x, hidden=hidden, filters=filters, kernel=kernel)
    activation = net.relu if kind == "RE" else net.hard_swish
    y = block(stride=stride, activation=activation, excite=squeeze, conv_bn=_conv_bn_v3)
    return net.add(y, x) if stride == 1 and x.shape == y.shape else y


@imagenet(paper="Howard et al. 2019, Searching for MobileNetV3")
def mobilenet_v3_small(net: Builder, images: Node, classes: int) -> Node:
    """MobileNetV3-Small: hard-swish, squeeze and excitation."""
    with net.scope("features"):
        with net.scope("0"):
            x = net.hard_swish(_conv_bn_v3(net, images, 16, 3, stride=2))
        for number, row in enumerate(_SMALL, start=1):
            with net.scope(f"{number}"):
                x = _bottleneck_v3(net, x, row)
        with net.scope(f"{len(_SMALL) + 1}"):
            x = net.hard_swish(_conv_bn_v3(net, x, 6 * x.shape[-1], 1))
    x = net.global_avg_pool(x)
    with net.scope("classifier"):
        x = net.hard_swish(net.dense(x, 1024, name="0", init=normal(0.01), bias_init=zeros))
        x = net.dropout(x, 0.2)
        return net.dense(x, classes, name="3", init=normal(0.01), bias_init=zeros)
