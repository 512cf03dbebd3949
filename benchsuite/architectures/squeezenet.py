"""SqueezeNet.

Iandola et al. 2016, SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and <0.5MB
model size, arXiv:1602.07360.

Names, structure and initial weights are torchvision's: convolutions start as
`kaiming_uniform_`, the last one as N(0, 0.01²), all biases as zero.
"""

from functools import partial

from benchsuite.architectures.blocks import imagenet
from benchsuite.graph import Builder, Node
from benchsuite.graph.initializers import kaiming_uniform, normal, zeros

_conv = partial(Builder.conv, init=kaiming_uniform, bias_init=zeros)


def _fire(net: Builder, x: Node, squeeze: int, expand: int) -> Node:
    """Figure 1: few channels, then 1×1 and 3×3 side by side."""
    x = net.relu(_conv(net, x, squeeze, 1, name="squeeze"))
    one = net.relu(_conv(net, x, expand, 1, name="expand1x1"))
    three = net.relu(_conv(net, x, expand, 3, padding=1, name="expand3x3"))
    return net.concat(one, three)


@imagenet(paper="Iandola et al. 2016, SqueezeNet")
def squeezenet1_0(net: Builder, images: Node, classes: int) -> Node:
    """SqueezeNet 1.0: fire modules, and no dense layer."""
    with net.scope("features"):
        x = net.relu(_conv(net, images, 96, 7, stride=2, name="0"))
        x = net.max_pool(x, 3, stride=2, ceil=True)
        # Pools have numbers too in torchvision's `nn.Sequential`: 6 and 11 are missing.
        for position, squeeze, expand in (
            *((3, 16, 64), (4, 16, 64), (5, 32, 128)),
            *((7, 32, 128), (8, 48, 192), (9, 48, 192), (10, 64, 256)),
            (12, 64, 256),
        ):
            if position in (7, 12):
                x = net.max_pool(x, 3, stride=2, ceil=True)
            with net.scope(f"{position}"):
                x = _fire(net, x, squeeze, expand)
    x = net.dropout(x, 0.5)
    x = net.conv(x, classes, 1, name="classifier.1", init=normal(0.01), bias_init=zeros)
    return net.global_avg_pool(net.relu(x))
