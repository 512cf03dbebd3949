"""EfficientNet.

Tan and Le 2019, EfficientNet: Rethinking model scaling for convolutional neural networks,
arXiv:1905.11946.

Names, structure and initial weights are torchvision's: convolutions start as
`kaiming_normal_(mode="fan_out")`, the head uniform within 1/sqrt(classes), biases zero.
"""

from functools import partial

from benchsuite.architectures.blocks import conv_bn, imagenet, inverted_residual, squeeze_excitation
from benchsuite.graph import Builder, Node
from benchsuite.graph.initializers import fan_out_uniform, zeros

#: Table 1 of the paper: expansion, kernel, stride of the first block, filters, blocks.
_STAGES = (
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
)
_STOCHASTIC_DEPTH = 0.2


def _mb_conv(
    net: Builder, x: Node, stage: tuple[int, int, int, int, int], stride: int, drop: float
) -> Node:
    """Widen, filter each channel, weigh the channels, project, and add the input."""
    expansion, kernel, _, filters, _ = stage
    channels = x.shape[-1]
    excite = partial(squeeze_excitation, net, activation=net.silu, gate=net.sigmoid)
    block = partial(inverted_residual, net, x, hidden=expansion * channels, filters=filters)
    # A quarter of the block's input, not of the widened channels: torchvision's `squeeze_channels`.
    squeeze = partial(excite, squeezed=max(1, channels // 4))
    y = block(kernel=kernel, stride=stride, activation=net.silu, excite=squeeze)
    if stride != 1 or x.shape != y.shape:
        return y
    return net.add(net.stochastic_depth(y, drop), x)


@imagenet(paper="Tan and Le 2019, EfficientNet: Rethinking model scaling")
def efficientnet_b0(net: Builder, images: Node, classes: int) -> Node:
    """EfficientNet-B0: inverted residuals with squeeze and excitation."""
    total, number = sum(depth for *_, depth in _STAGES), 0
    with net.scope("features"):
        with net.scope("0"):
            x = net.silu(conv_bn(net, images, 32, 3, stride=2))
        for place, stage in enumerate(_STAGES, start=1):
            *_, depth = stage
            for index in range(depth):
                with net.scope(f"{place}.{index}"):
                    stride = stage[2] if index == 0 else 1
                    # torchvision's: the last block's rate is one step below the whole.
                    drop = _STOCHASTIC_DEPTH * number / total
                    x = _mb_conv(net, x, stage, stride, drop)
                number += 1
        with net.scope(f"{len(_STAGES) + 1}"):
            x = net.silu(conv_bn(net, x, 1280, 1))
    x = net.dropout(net.global_avg_pool(x), 0.2)
    return net.dense(x, classes, name="classifier.1", init=fan_out_uniform, bias_init=zeros)
