"""ConvNeXt.

Liu et al. 2022, A ConvNet for the 2020s, arXiv:2201.03545.

Names, structure and initial weights are torchvision's: N(0, 0.02²), biases zero, layer
scales 1e-6. torchvision truncates the normal at ±2 absolute, a hundred standard deviations
away.
"""

from functools import partial

from benchsuite.architectures.blocks import imagenet
from benchsuite.graph import Builder, Node
from benchsuite.graph.initializers import constant, normal, zeros

_DEPTHS, _WIDTHS = (3, 3, 9, 3), (96, 192, 384, 768)
_STOCHASTIC_DEPTH = 0.1

_conv = partial(Builder.conv, init=normal(0.02), bias_init=zeros)
_dense = partial(Builder.dense, init=normal(0.02), bias_init=zeros)
_layer_norm = partial(Builder.layer_norm, epsilon=1e-6)


def _block(net: Builder, x: Node, drop: float) -> Node:
    """Figure 4: 7×7 depthwise, then an MLP of each position four times as wide."""
    width = x.shape[-1]
    with net.scope("block"):
        y = _conv(net, x, width, 7, padding=3, groups=width, name="0")
        y = _dense(net, _layer_norm(net, y, name="2"), 4 * width, name="3")
        y = _dense(net, net.gelu(y), width, name="5")
    y = net.layer_scale(y, name="layer_scale", init=constant(1e-6))
    return net.add(net.stochastic_depth(y, drop), x)


@imagenet(paper="Liu et al. 2022, A ConvNet for the 2020s")
def convnext_tiny(net: Builder, images: Node, classes: int) -> Node:
    """ConvNeXt-T: 18 blocks of 96 to 768 channels."""
    with net.scope("features"):
        x = _conv(net, images, _WIDTHS[0], 4, stride=4, name="0.0")
        x = _layer_norm(net, x, name="0.1")
        number = 0
        for stage, (depth, width) in enumerate(zip(_DEPTHS, _WIDTHS, strict=True)):
            if stage:
                with net.scope(f"{2 * stage}"):
                    x = _conv(net, _layer_norm(net, x, name="0"), width, 2, stride=2, name="1")
            for index in range(depth):
                # torchvision's: unlike EfficientNet's, the last block has the whole rate.
                drop = _STOCHASTIC_DEPTH * number / (sum(_DEPTHS) - 1)
                with net.scope(f"{2 * stage + 1}.{index}"):
                    x = _block(net, x, drop)
                number += 1
    with net.scope("classifier"):
        x = _layer_norm(net, net.global_avg_pool(x), name="0")
        return _dense(net, x, classes, name="2")
