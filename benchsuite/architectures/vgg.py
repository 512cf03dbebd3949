"""VGG.

Simonyan and Zisserman 2014, Very deep convolutional networks for large-scale image
recognition, arXiv:1409.1556; `_bn` with Ioffe and Szegedy 2015, arXiv:1502.03167.

Names, structure and initial weights are torchvision's: convolutions start as
`kaiming_normal_(mode="fan_out")`, dense layers as N(0, 0.01²), all biases as zero.
"""

from __future__ import annotations

from collections.abc import Sequence

from benchsuite.graph import Builder, Node, architecture
from benchsuite.graph.architecture import Architecture, BuildFunction
from benchsuite.graph.initializers import kaiming_normal_fan_out, normal, zeros

#: Table 1 of the paper: convolutions in each of the five stages.
_A, _B, _D, _E = (1, 1, 2, 2, 2), (2, 2, 2, 2, 2), (2, 2, 3, 3, 3), (2, 2, 4, 4, 4)
_WIDTHS = (64, 128, 256, 512, 512)


def _features(net: Builder, x: Node, depths: Sequence[int], *, normalised: bool) -> Node:
    """Layers are numbered as torchvision's `nn.Sequential` does, ReLU and pools included."""
    position = 0
    for depth, width in zip(depths, _WIDTHS, strict=True):
        for _ in range(depth):
            x = net.conv(
                x,
                width,
                3,
                padding=1,
                name=f"{position}",
                init=kaiming_normal_fan_out,
                bias_init=zeros,
            )
            if normalised:
                x = net.batch_norm(x, name=f"{position + 1}")
            x = net.relu(x)
            position += 3 if normalised else 2
        x = net.max_pool(x, 2)
        position += 1
    return x


def _vgg(name: str, depths: Sequence[int], *, normalised: bool = False) -> Architecture:
    def build(net: Builder, images: Node, classes: int) -> Node:
        with net.scope("features"):
            x = _features(net, images, depths, normalised=normalised)
        x = net.flatten(net.adaptive_avg_pool(x, 7))
        with net.scope("classifier"):
            for layer in ("0", "3"):
                x = net.relu(net.dense(x, 4096, name=layer, init=normal(0.01), bias_init=zeros))
                x = net.dropout(x, 0.5)
            return net.dense(x, classes, name="6", init=normal(0.01), bias_init=zeros)

    return _named(build, name, depths, " with BatchNorm" if normalised else "")


def _named(build: BuildFunction, name: str, depths: Sequence[int], suffix: str) -> Architecture:
    build.__name__ = name
    build.__doc__ = (
        f"VGG-{sum(depths) + 3}{suffix}: {sum(depths)} convolutions, three dense layers."
    )
    paper = "Simonyan and Zisserman 2014, Very deep convolutional networks"
    return architecture(input_shape=(224, 224, 3), classes=1000, paper=paper)(build)


vgg11 = _vgg("vgg11", _A)
vgg13 = _vgg("vgg13", _B)
vgg16 = _vgg("vgg16", _D)
vgg19 = _vgg("vgg19", _E)
vgg11_bn = _vgg("vgg11_bn", _A, normalised=True)
vgg13_bn = _vgg("vgg13_bn", _B, normalised=True)
vgg16_bn = _vgg("vgg16_bn", _D, normalised=True)
vgg19_bn = _vgg("vgg19_bn", _E, normalised=True)
