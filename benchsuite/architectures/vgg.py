"""VGG.

Simonyan and Zisserman 2014, Very deep convolutional networks for large-scale image
recognition, arXiv:1409.1556; `_bn` with Ioffe and Szegedy 2015, arXiv:1502.03167.

Names, structure and initial weights are torchvision's: convolutions start as
`kaiming_normal_(mode="fan_out")`, dense layers as N(0, 0.01²), all biases as zero.
"""

from collections.abc import Sequence
from functools import partial

from benchsuite.graph import Architecture, Builder, Node
from benchsuite.graph.initializers import kaiming_normal_fan_out, normal, zeros

#: Table 1 of the paper: convolutions in each of the five stages.
_A, _B, _D, _E = (1, 1, 2, 2, 2), (2, 2, 2, 2, 2), (2, 2, 3, 3, 3), (2, 2, 4, 4, 4)
_WIDTHS = (64, 128, 256, 512, 512)


_conv = partial(Builder.conv, init=kaiming_normal_fan_out, bias_init=zeros)
_dense = partial(Builder.dense, init=normal(0.01), bias_init=zeros)


def _features(net: Builder, x: Node, depths: Sequence[int], *, normalised: bool) -> Node:
    """Layers are numbered as torchvision's `nn.Sequential` does, ReLU and pools included."""
    position = 0
    for depth, width in zip(depths, _WIDTHS, strict=True):
        for _ in range(depth):
            x = _conv(net, x, width, 3, padding=1, name=f"{position}")
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
                x = net.relu(_dense(net, x, 4096, name=layer))
                x = net.dropout(x, 0.5)
            return _dense(net, x, classes, name="6")

    suffix = " with BatchNorm" if normalised else ""
    layers = sum(depths)
    summary = f"VGG-{layers + 3}{suffix}: {layers} convolutions, three dense layers."
    paper = "Simonyan and Zisserman 2014, Very deep convolutional networks"
    return Architecture(name, build, (224, 224, 3), 1000, summary, paper)


vgg11 = _vgg("vgg11", _A)
vgg13 = _vgg("vgg13", _B)
vgg16 = _vgg("vgg16", _D)
vgg19 = _vgg("vgg19", _E)
vgg11_bn = _vgg("vgg11_bn", _A, normalised=True)
vgg13_bn = _vgg("vgg13_bn", _B, normalised=True)
vgg16_bn = _vgg("vgg16_bn", _D, normalised=True)
vgg19_bn = _vgg("vgg19_bn", _E, normalised=True)
