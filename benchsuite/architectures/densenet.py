"""DenseNets.

Huang et al. 2016, Densely connected convolutional networks, arXiv:1608.06993.

Names, structure and initial weights are torchvision's: convolutions start as
`kaiming_normal_`, the head as PyTorch's default with a bias of zero.
"""

from collections.abc import Sequence
from functools import partial

from benchsuite.architectures.blocks import imagenet
from benchsuite.graph import Builder, Node
from benchsuite.graph.initializers import kaiming_normal_fan_in, zeros

_GROWTH, _BOTTLENECK, _STEM = 32, 4, 64
_PAPER = "Huang et al. 2016, Densely connected convolutional networks"

_conv = partial(Builder.conv, bias=False, init=kaiming_normal_fan_in)


def _dense_layer(net: Builder, x: Node) -> Node:
    """BatchNorm, ReLU, 1×1, BatchNorm, ReLU, 3×3: `_GROWTH` new channels behind the old ones."""
    y = net.relu(net.batch_norm(x, name="norm1"))
    y = _conv(net, y, _BOTTLENECK * _GROWTH, 1, name="conv1")
    y = net.relu(net.batch_norm(y, name="norm2"))
    return net.concat(x, _conv(net, y, _GROWTH, 3, padding=1, name="conv2"))


def _transition(net: Builder, x: Node) -> Node:
    """Half the channels, half the size."""
    y = net.relu(net.batch_norm(x, name="norm"))
    return net.avg_pool(_conv(net, y, x.shape[-1] // 2, 1, name="conv"), 2)


def _densenet(net: Builder, images: Node, classes: int, depths: Sequence[int]) -> Node:
    with net.scope("features"):
        x = _conv(net, images, _STEM, 7, stride=2, padding=3, name="conv0")
        x = net.relu(net.batch_norm(x, name="norm0"))
        x = net.max_pool(x, 3, stride=2, padding=1)
        for block, depth in enumerate(depths, start=1):
            for layer in range(1, depth + 1):
                with net.scope(f"denseblock{block}.denselayer{layer}"):
                    x = _dense_layer(net, x)
            if block < len(depths):
                with net.scope(f"transition{block}"):
                    x = _transition(net, x)
        x = net.relu(net.batch_norm(x, name="norm5"))
    return net.dense(net.global_avg_pool(x), classes, name="classifier", bias_init=zeros)


@imagenet(paper=_PAPER)
def densenet121(net: Builder, images: Node, classes: int) -> Node:
    """DenseNet-121: blocks of 6, 12, 24 and 16 layers."""
    return _densenet(net, images, classes, (6, 12, 24, 16))


@imagenet(paper=_PAPER)
def densenet169(net: Builder, images: Node, classes: int) -> Node:
    """DenseNet-169: blocks of 6, 12, 32 and 32 layers."""
    return _densenet(net, images, classes, (6, 12, 32, 32))
