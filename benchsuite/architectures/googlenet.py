"""GoogLeNet.

Szegedy et al. 2014, Going deeper with convolutions, arXiv:1409.4842.

`googlenet` is torchvision's, without its auxiliary heads: BatchNorm behind every
convolution, and 3×3 where the paper has 5×5; it starts as N(0, 0.01²) (torchvision truncates
at ±2 absolute, two hundred standard deviations away). `googlenet_paper` is table 1: 5×5,
biases, local response normalisation with the numbers of AlexNet, no BatchNorm. The paper does
not say how it starts: here as `kaiming_normal_`, with biases of zero.
"""

from collections.abc import Callable, Sequence
from functools import partial

from benchsuite.architectures.blocks import imagenet, local_response_norm
from benchsuite.graph import Builder, Node
from benchsuite.graph.initializers import kaiming_normal_fan_in, normal, zeros

_PAPER = "Szegedy et al. 2014, Going deeper with convolutions"

#: Table 1 of the paper: 1×1, 3×3 and what reduces to it, "5×5" likewise, pool projection.
_STAGES: Sequence[Sequence[tuple[str, tuple[int, int, int, int, int, int]]]] = (
    (("3a", (64, 96, 128, 16, 32, 32)), ("3b", (128, 128, 192, 32, 96, 64))),
    (
        ("4a", (192, 96, 208, 16, 48, 64)),
        ("4b", (160, 112, 224, 24, 64, 64)),
        ("4c", (128, 128, 256, 24, 64, 64)),
        ("4d", (112, 144, 288, 32, 64, 64)),
        ("4e", (256, 160, 320, 32, 128, 128)),
    ),
    (("5a", (256, 160, 320, 32, 128, 128)), ("5b", (384, 192, 384, 48, 128, 128))),
)


#: A convolution that keeps the size at stride 1, and what follows it: as `_normalised`.
Convolution = Callable[..., Node]


def _normalised(
    net: Builder, x: Node, filters: int, kernel: int, *, name: str, stride: int = 1
) -> Node:
    with net.scope(name):
        conv = partial(net.conv, bias=False, init=normal(0.01), name="conv")
        x = conv(x, filters, kernel, stride=stride, padding=kernel // 2)
        return net.relu(net.batch_norm(x, name="bn", epsilon=1e-3))


def _plain(net: Builder, x: Node, filters: int, kernel: int, *, name: str, stride: int = 1) -> Node:
    conv = partial(net.conv, init=kaiming_normal_fan_in, bias_init=zeros, name=f"{name}.conv")
    return net.relu(conv(x, filters, kernel, stride=stride, padding=kernel // 2))


def _inception(
    net: Builder, x: Node, widths: Sequence[int], conv: Convolution, kernel: int
) -> Node:
    """Four branches side by side; `kernel` is that of the third (figure 2b)."""
    one, reduce3, three, reduce5, five, pool = widths
    first = conv(net, x, one, 1, name="branch1")
    second = conv(net, conv(net, x, reduce3, 1, name="branch2.0"), three, 3, name="branch2.1")
    third = conv(net, x, reduce5, 1, name="branch3.0")
    third = conv(net, third, five, kernel, name="branch3.1")
    pooled = net.max_pool(x, 3, stride=1, padding=1)
    return net.concat(first, second, third, conv(net, pooled, pool, 1, name="branch4.1"))


def _stages(net: Builder, x: Node, conv: Convolution, kernel: int, last_pool: int) -> Node:
    for number, stage in enumerate(_STAGES):
        if number:
            size = last_pool if number == len(_STAGES) - 1 else 3
            x = net.max_pool(x, size, stride=2, ceil=True)
        for name, widths in stage:
            with net.scope(f"inception{name}"):
                x = _inception(net, x, widths, conv, kernel)
    return net.global_avg_pool(x)


@imagenet(paper=_PAPER)
def googlenet(net: Builder, images: Node, classes: int) -> Node:
    """GoogLeNet with BatchNorm, as torchvision has it, without auxiliary heads."""
    x = _normalised(net, images, 64, 7, stride=2, name="conv1")
    x = net.max_pool(x, 3, stride=2, ceil=True)
    x = _normalised(net, x, 64, 1, name="conv2")
    x = _normalised(net, x, 192, 3, name="conv3")
    x = net.max_pool(x, 3, stride=2, ceil=True)
    # The last pool of torchvision's is 2×2, where table 1 has 3×3.
    x = net.dropout(_stages(net, x, _normalised, 3, last_pool=2), 0.2)
    return net.dense(x, classes, name="fc", init=normal(0.01))


@imagenet(paper=_PAPER)
def googlenet_paper(net: Builder, images: Node, classes: int) -> Node:
    """GoogLeNet as published: 5×5 branches, local response normalisation, no BatchNorm."""
    x = _plain(net, images, 64, 7, stride=2, name="conv1")
    x = local_response_norm(net, net.max_pool(x, 3, stride=2, ceil=True))
    x = _plain(net, x, 64, 1, name="conv2")
    x = local_response_norm(net, _plain(net, x, 192, 3, name="conv3"))
    x = net.max_pool(x, 3, stride=2, ceil=True)
    x = net.dropout(_stages(net, x, _plain, 5, last_pool=3), 0.4)
    return net.dense(x, classes, name="fc", init=kaiming_normal_fan_in, bias_init=zeros)
