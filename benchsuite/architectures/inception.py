"""Inception v3.

Szegedy et al. 2015, Rethinking the inception architecture for computer vision,
arXiv:1512.00567.

Names, structure and initial weights are torchvision's, without the auxiliary head and
without its optional transformation of the input. It starts as N(0, 0.1²): torchvision
truncates at ±2 absolute, twenty standard deviations away.
"""

from functools import partial

from benchsuite.graph import Builder, Node, architecture
from benchsuite.graph.initializers import normal
from benchsuite.graph.ops.sliding import Size


def _conv(
    net: Builder, x: Node, filters: int, kernel: Size, name: str, *, stride: int = 1, pad: Size = 0
) -> Node:
    with net.scope(name):
        conv = partial(net.conv, bias=False, init=normal(0.1), name="conv")
        x = conv(x, filters, kernel, stride=stride, padding=pad)
        return net.relu(net.batch_norm(x, name="bn", epsilon=1e-3))


def _wide(net: Builder, x: Node, filters: int, name: str, length: int = 7) -> Node:
    return _conv(net, x, filters, (1, length), name, pad=(0, length // 2))


def _tall(net: Builder, x: Node, filters: int, name: str, length: int = 7) -> Node:
    return _conv(net, x, filters, (length, 1), name, pad=(length // 2, 0))


def _pool_branch(net: Builder, x: Node, filters: int) -> Node:
    return _conv(net, net.avg_pool(x, 3, stride=1, padding=1), filters, 1, "branch_pool")


def _double_3x3(net: Builder, x: Node) -> Node:
    y = _conv(net, x, 64, 1, "branch3x3dbl_1")
    return _conv(net, y, 96, 3, "branch3x3dbl_2", pad=1)


def _block_a(net: Builder, x: Node, pool_filters: int) -> Node:
    """Figure 5: the 5×5 kept, beside two 3×3."""
    one = _conv(net, x, 64, 1, "branch1x1")
    five = _conv(net, _conv(net, x, 48, 1, "branch5x5_1"), 64, 5, "branch5x5_2", pad=2)
    double = _conv(net, _double_3x3(net, x), 96, 3, "branch3x3dbl_3", pad=1)
    return net.concat(one, five, double, _pool_branch(net, x, pool_filters))


def _block_b(net: Builder, x: Node) -> Node:
    """Figure 10: halves the size."""
    three = _conv(net, x, 384, 3, "branch3x3", stride=2)
    double = _conv(net, _double_3x3(net, x), 96, 3, "branch3x3dbl_3", stride=2)
    return net.concat(three, double, net.max_pool(x, 3, stride=2))


def _block_c(net: Builder, x: Node, width: int) -> Node:
    """Figure 6: 7×7 taken apart into 1×7 and 7×1."""
    one = _conv(net, x, 192, 1, "branch1x1")
    seven = _wide(net, _conv(net, x, width, 1, "branch7x7_1"), width, "branch7x7_2")
    seven = _tall(net, seven, 192, "branch7x7_3")
    double = _tall(net, _conv(net, x, width, 1, "branch7x7dbl_1"), width, "branch7x7dbl_2")
    double = _wide(net, double, width, "branch7x7dbl_3")
    double = _tall(net, double, width, "branch7x7dbl_4")
    double = _wide(net, double, 192, "branch7x7dbl_5")
    return net.concat(one, seven, double, _pool_branch(net, x, 192))


def _block_d(net: Builder, x: Node) -> Node:
    """Halves the size once more."""
    three = _conv(net, x, 192, 1, "branch3x3_1")
    three = _conv(net, three, 320, 3, "branch3x3_2", stride=2)
    seven = _wide(net, _conv(net, x, 192, 1, "branch7x7x3_1"), 192, "branch7x7x3_2")
    seven = _tall(net, seven, 192, "branch7x7x3_3")
    seven = _conv(net, seven, 192, 3, "branch7x7x3_4", stride=2)
    return net.concat(three, seven, net.max_pool(x, 3, stride=2))


def _split(net: Builder, x: Node, names: tuple[str, str]) -> Node:
    wide, tall = _wide(net, x, 384, names[0], 3), _tall(net, x, 384, names[1], 3)
    return net.concat(wide, tall)


def _block_e(net: Builder, x: Node) -> Node:
    """Figure 7: 3×3 spread over 1×3 and 3×1 side by side."""
    one = _conv(net, x, 320, 1, "branch1x1")
    three = _conv(net, x, 384, 1, "branch3x3_1")
    three = _split(net, three, ("branch3x3_2a", "branch3x3_2b"))
    double = _conv(net, x, 448, 1, "branch3x3dbl_1")
    double = _conv(net, double, 384, 3, "branch3x3dbl_2", pad=1)
    double = _split(net, double, ("branch3x3dbl_3a", "branch3x3dbl_3b"))
    return net.concat(one, three, double, _pool_branch(net, x, 192))


def _stem(net: Builder, images: Node) -> Node:
    x = _conv(net, images, 32, 3, "Conv2d_1a_3x3", stride=2)
    x = _conv(net, x, 32, 3, "Conv2d_2a_3x3")
    x = net.max_pool(_conv(net, x, 64, 3, "Conv2d_2b_3x3", pad=1), 3, stride=2)
    x = _conv(net, x, 80, 1, "Conv2d_3b_1x1")
    return net.max_pool(_conv(net, x, 192, 3, "Conv2d_4a_3x3"), 3, stride=2)


@architecture(
    input_shape=(299, 299, 3),
    classes=1000,
    paper="Szegedy et al. 2015, Rethinking the inception architecture for computer vision",
)
def inception_v3(net: Builder, images: Node, classes: int) -> Node:
    """Inception v3 without its auxiliary head."""
    x = _stem(net, images)
    for letter, pool_filters in (("b", 32), ("c", 64), ("d", 64)):
        with net.scope(f"Mixed_5{letter}"):
            x = _block_a(net, x, pool_filters)
    with net.scope("Mixed_6a"):
        x = _block_b(net, x)
    for letter, width in (("b", 128), ("c", 160), ("d", 160), ("e", 192)):
        with net.scope(f"Mixed_6{letter}"):
            x = _block_c(net, x, width)
    with net.scope("Mixed_7a"):
        x = _block_d(net, x)
    for letter in ("b", "c"):
        with net.scope(f"Mixed_7{letter}"):
            x = _block_e(net, x)
    x = net.dropout(net.global_avg_pool(x), 0.5)
    return net.dense(x, classes, name="fc", init=normal(0.1))
