"""Vision transformers.

Dosovitskiy et al. 2020, An image is worth 16x16 words: Transformers for image recognition
at scale, arXiv:2010.11929.

Names, structure and initial weights are torchvision's: patches start as
`trunc_normal_(std=sqrt(1 / fan_in))`, positions as N(0, 0.02²), the MLPs as Xavier
uniform with biases N(0, 1e-6²), attention as `nn.MultiheadAttention` does, and the class
token and the head as zeros. torchvision truncates the patches' normal at ±2 *absolute*,
thirty standard deviations away or more, so the graph's plain normal is the same.
"""

from __future__ import annotations

from benchsuite.errors import ShapeError
from benchsuite.graph import Builder, Node, architecture
from benchsuite.graph.initializers import lecun_normal, normal, xavier_uniform, zeros

_LAYER_NORM_EPSILON = 1e-6
_PAPER = "Dosovitskiy et al. 2020, An image is worth 16x16 words"


def _mlp(net: Builder, x: Node, hidden: int) -> Node:
    width = x.shape[-1]
    with net.scope("mlp"):
        x = net.dense(x, hidden, name="0", init=xavier_uniform, bias_init=normal(1e-6))
        x = net.gelu(x)
        return net.dense(x, width, name="3", init=xavier_uniform, bias_init=normal(1e-6))


def _encoder_layer(net: Builder, x: Node, heads: int, hidden: int) -> Node:
    """Attention and an MLP, each after a LayerNorm and inside a residual connection."""
    y = net.layer_norm(x, name="ln_1", epsilon=_LAYER_NORM_EPSILON)
    x = net.add(net.self_attention(y, heads, name="self_attention"), x)
    y = net.layer_norm(x, name="ln_2", epsilon=_LAYER_NORM_EPSILON)
    return net.add(x, _mlp(net, y, hidden))


def _patches(net: Builder, images: Node, width: int, patch: int) -> Node:
    """Non-overlapping squares of the image, each mapped linearly to a token: (T, width)."""
    height_and_width = images.shape[:2]
    if any(extent % patch for extent in height_and_width):
        size = "×".join(map(str, height_and_width))
        raise ShapeError(
            f"height and width must be divisible by the patch size {patch}, got {size}"
        )
    x = net.conv(
        images,
        width,
        patch,
        stride=patch,
        name="conv_proj",
        init=lecun_normal,
        bias_init=zeros,
    )
    return net.image_to_sequence(x)


def _transformer(
    net: Builder,
    images: Node,
    classes: int,
    *,
    patch: int,
    width: int,
    heads: int,
    depth: int,
) -> Node:
    """`depth` encoder layers on square patches; the MLPs are four times as wide."""
    x = net.class_token(_patches(net, images, width, patch), name="class_token")
    with net.scope("encoder"):
        x = net.position_embedding(x, name="pos_embedding", init=normal(0.02))
        for index in range(depth):
            with net.scope(f"layers.encoder_layer_{index}"):
                x = _encoder_layer(net, x, heads, 4 * width)
        x = net.layer_norm(x, name="ln", epsilon=_LAYER_NORM_EPSILON)
    x = net.select_token(x, 0)
    return net.dense(x, classes, name="heads.head", init=zeros, bias_init=zeros)


@architecture(input_shape=(224, 224, 3), classes=1000, paper=_PAPER)
def vit_b_16(net: Builder, images: Node, classes: int) -> Node:
    """ViT-B/16: twelve encoder layers of width 768 on patches of 16×16."""
    return _transformer(net, images, classes, patch=16, width=768, heads=12, depth=12)


@architecture(input_shape=(32, 32, 3), classes=10, paper=_PAPER)
def vit_small_cifar(net: Builder, images: Node, classes: int) -> Node:
    """ViT-S on patches of 4×4, for small images: twelve encoder layers of width 384."""
    return _transformer(net, images, classes, patch=4, width=384, heads=6, depth=12)
