"""Vision transformers.

Dosovitskiy et al. 2020, An image is worth 16x16 words: Transformers for image recognition
at scale, arXiv:2010.11929.

Names, structure and initial weights are torchvision's: patches start as
`trunc_normal_(std=sqrt(1 / fan_in))`, positions as N(0, 0.02²), the MLPs as Xavier
uniform with biases N(0, 1e-6²), attention as `nn.MultiheadAttention` does, and the class
token and the head as zeros. torchvision truncates the patches' normal at ±2 *absolute*,
thirty standard deviations away or more, so the graph's plain normal is the same.
"""

from functools import partial

from benchsuite.architectures.blocks import cifar, imagenet
from benchsuite.errors import ShapeError
from benchsuite.graph import Builder, Node
from benchsuite.graph.initializers import lecun_normal, normal, xavier_uniform, zeros

_DEPTH = 12
_PAPER = "Dosovitskiy et al. 2020, An image is worth 16x16 words"


_layer_norm = partial(Builder.layer_norm, epsilon=1e-6)
_dense = partial(Builder.dense, init=xavier_uniform, bias_init=normal(1e-6))


def _mlp(net: Builder, x: Node, hidden: int) -> Node:
    with net.scope("mlp"):
        y = net.gelu(_dense(net, x, hidden, name="0"))
        return _dense(net, y, x.shape[-1], name="3")


def _encoder_layer(net: Builder, x: Node, heads: int, hidden: int) -> Node:
    """Attention and an MLP, each after a LayerNorm and inside a residual connection."""
    y = _layer_norm(net, x, name="ln_1")
    x = net.add(net.self_attention(y, heads, name="self_attention"), x)
    y = _layer_norm(net, x, name="ln_2")
    return net.add(x, _mlp(net, y, hidden))


def _patches(net: Builder, images: Node, width: int, patch: int) -> Node:
    """Non-overlapping squares of the image, each mapped linearly to a token: (T, width)."""
    height_and_width = images.shape[:2]
    if any(extent % patch for extent in height_and_width):
        size = "×".join(map(str, height_and_width))
        raise ShapeError(
            f"height and width must be divisible by the patch size {patch}, got {size}"
        )
    conv = partial(net.conv, init=lecun_normal, bias_init=zeros, name="conv_proj")
    return net.image_to_sequence(conv(images, width, patch, stride=patch))


def _transformer(
    net: Builder, images: Node, classes: int, *, patch: int, width: int, heads: int
) -> Node:
    """Twelve encoder layers on square patches; the MLPs are four times as wide."""
    x = net.class_token(_patches(net, images, width, patch), name="class_token")
    with net.scope("encoder"):
        x = net.position_embedding(x, name="pos_embedding", init=normal(0.02))
        for index in range(_DEPTH):
            with net.scope(f"layers.encoder_layer_{index}"):
                x = _encoder_layer(net, x, heads, 4 * width)
        x = _layer_norm(net, x, name="ln")
    x = net.select_token(x, 0)
    return net.dense(x, classes, name="heads.head", init=zeros, bias_init=zeros)


@imagenet(paper=_PAPER)
def vit_b_16(net: Builder, images: Node, classes: int) -> Node:
    """ViT-B/16: twelve encoder layers of width 768 on patches of 16×16."""
    return _transformer(net, images, classes, patch=16, width=768, heads=12)


@cifar(paper=_PAPER)
def vit_small_cifar(net: Builder, images: Node, classes: int) -> Node:
    """ViT-S on patches of 4×4, for small images: twelve encoder layers of width 384."""
    return _transformer(net, images, classes, patch=4, width=384, heads=6)
