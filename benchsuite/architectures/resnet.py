"""Residual networks.

He et al. 2015, Deep residual learning for image recognition, arXiv:1512.03385.

Names, structure and initial weights are torchvision's: bottlenecks have their stride on
the 3×3 convolution (v1.5); convolutions start as `kaiming_normal_(mode="fan_out")`,
BatchNorm as one and zero, the head as PyTorch's default.
"""

from collections.abc import Callable, Sequence
from functools import partial

from benchsuite.graph import Architecture, Builder, Node
from benchsuite.graph.initializers import kaiming_normal_fan_out

#: (builder, x, width, stride) -> the block's output
Block = Callable[[Builder, Node, int, int], Node]
#: (builder, x, filters, stride) -> what is added to the block's last convolution
Shortcut = Callable[[Builder, Node, int, int], Node]
Stem = Callable[[Builder, Node], Node]

_PAPER = "He et al. 2015, Deep residual learning for image recognition"

_conv = partial(Builder.conv, bias=False, init=kaiming_normal_fan_out)


def _shortcut(net: Builder, x: Node, filters: int, stride: int) -> Node:
    """The identity where shapes allow, else a 1×1 projection (option B of the paper)."""
    if stride == 1 and x.shape[-1] == filters:
        return x
    projected = _conv(net, x, filters, 1, stride=stride, name="downsample.0")
    return net.batch_norm(projected, name="downsample.1")


def _padded_shortcut(net: Builder, x: Node, filters: int, stride: int) -> Node:
    """The identity, every second position of it, between channels of zeros (option A)."""
    if stride > 1:
        # A pool of one pixel takes every second position: that needs no op of its own.
        x = net.max_pool(x, 1, stride=stride)
    missing = filters - x.shape[-1]
    return net.pad_channels(x, missing // 2, missing - missing // 2) if missing else x


def _basic_with(net: Builder, x: Node, width: int, stride: int, *, shortcut: Shortcut) -> Node:
    y = _conv(net, x, width, 3, stride=stride, padding=1, name="conv1")
    y = net.relu(net.batch_norm(y, name="bn1"))
    y = _conv(net, y, width, 3, padding=1, name="conv2")
    y = net.batch_norm(y, name="bn2")
    return net.relu(net.add(y, shortcut(net, x, width, stride)))


_basic: Block = partial(_basic_with, shortcut=_shortcut)
_basic_padded: Block = partial(_basic_with, shortcut=_padded_shortcut)


def _bottleneck(net: Builder, x: Node, width: int, stride: int) -> Node:
    y = _conv(net, x, width, 1, name="conv1")
    y = net.relu(net.batch_norm(y, name="bn1"))
    y = _conv(net, y, width, 3, stride=stride, padding=1, name="conv2")
    y = net.relu(net.batch_norm(y, name="bn2"))
    y = _conv(net, y, 4 * width, 1, name="conv3")
    y = net.batch_norm(y, name="bn3")
    return net.relu(net.add(y, _shortcut(net, x, 4 * width, stride)))


def _large_stem(net: Builder, images: Node) -> Node:
    x = _conv(net, images, 64, 7, stride=2, padding=3, name="conv1")
    x = net.relu(net.batch_norm(x, name="bn1"))
    return net.max_pool(x, 3, stride=2, padding=1)


def _small_stem(net: Builder, images: Node, width: int) -> Node:
    """For small images: keeps their size (section 4.2 of the paper)."""
    x = _conv(net, images, width, 3, padding=1, name="conv1")
    return net.relu(net.batch_norm(x, name="bn1"))


def _residual(net: Builder, stem: Node, classes: int, block: Block, depths: Sequence[int]) -> Node:
    """Stages of `depths` blocks; each halves the size and doubles the width, save the first."""
    x, width = stem, stem.shape[-1]
    for stage, depth in enumerate(depths, start=1):
        for index in range(depth):
            with net.scope(f"layer{stage}.{index}"):
                x = block(net, x, width, 2 if stage > 1 and index == 0 else 1)
        width *= 2
    return net.dense(net.global_avg_pool(x), classes, name="fc")


def _resnet(
    name: str, summary: str, block: Block, depths: Sequence[int], stem: Stem = _large_stem
) -> Architecture:
    """One with the large stem is for ImageNet, another for CIFAR."""

    def build(net: Builder, images: Node, classes: int) -> Node:
        return _residual(net, stem(net, images), classes, block, depths)

    shape, classes = ((224, 224, 3), 1000) if stem is _large_stem else ((32, 32, 3), 10)
    return Architecture(name, build, shape, classes, f"{summary}.", _PAPER)


_small_16, _small_64 = (partial(_small_stem, width=width) for width in (16, 64))

resnet18 = _resnet("resnet18", "ResNet-18: eight basic blocks", _basic, (2, 2, 2, 2))
resnet34 = _resnet("resnet34", "ResNet-34: sixteen basic blocks", _basic, (3, 4, 6, 3))
resnet50 = _resnet(
    "resnet50",
    "ResNet-50 v1.5: sixteen bottlenecks, stride on the 3×3 convolution",
    _bottleneck,
    (3, 4, 6, 3),
)
resnet101 = _resnet("resnet101", "ResNet-101 v1.5: 33 bottlenecks", _bottleneck, (3, 4, 23, 3))
resnet152 = _resnet("resnet152", "ResNet-152 v1.5: 50 bottlenecks", _bottleneck, (3, 8, 36, 3))
resnet18_cifar = _resnet(
    "resnet18_cifar",
    "ResNet-18 for small images: 3×3 stem, no first pool",
    _basic,
    (2, 2, 2, 2),
    _small_64,
)
resnet20 = _resnet(
    "resnet20",
    "ResNet-20 for small images (section 4.2): nine basic blocks, shortcuts without weights",
    _basic_padded,
    (3, 3, 3),
    _small_16,
)
resnet56 = _resnet(
    "resnet56",
    "ResNet-56 for small images (section 4.2): 27 basic blocks, shortcuts without weights",
    _basic_padded,
    (9, 9, 9),
    _small_16,
)
