"""Small graphs, each around one op or one way of using it, that tell right from nearly right.

Odd and even sizes, one and three channels, strides and paddings that frameworks treat
differently. Each ends in a vector, as a network's logits do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from benchsuite.graph import Builder, Graph, Node, Shape
from benchsuite.graph.builder import Size
from benchsuite.graph.initializers import zeros

#: (builder, images) -> any node
Body = Callable[[Builder, Node], Node]

_EVEN, _ODD, _GREY = (8, 8, 3), (7, 9, 3), (9, 7, 1)


@dataclass(frozen=True, slots=True)
class OpCase:
    """A graph around `op`, and how its images are distributed: N(mean, spread²).

    A backend that claims the op may refuse a `refusable` case, which uses the op in a way
    that no architecture here does; what it may not do is get it wrong.
    """

    name: str
    op: str
    graph: Graph
    mean: float = 0.0
    spread: float = 1.0
    refusable: bool = False

    def __str__(self) -> str:
        return self.name


def op_cases() -> tuple[OpCase, ...]:
    """Every case; each op of the vocabulary has at least one."""
    groups = (
        *(_convolutions(), _dense_layers(), _normalisations(1e-5), _normalisations(1e-3)),
        *(_elementwise(), _pools(), _structure(), _channels(), _sequences(), _blocks()),
    )
    return tuple(case for group in groups for case in group)


def _case(
    op: str,
    what: str,
    shape: Shape,
    body: Body,
    *,
    mean: float = 0.0,
    spread: float = 1.0,
    refusable: bool = False,
) -> OpCase:
    name = f"{op}-{what}-{'x'.join(map(str, shape))}"
    net = Builder()
    result = body(net, net.input(shape))
    if len(result.shape) == len(shape):
        net.flatten(result)
    return OpCase(name, op, net.graph(name), mean, spread, refusable)


def _convolutions() -> Iterator[OpCase]:
    for shape in (_EVEN, _ODD, _GREY):
        for what, kernel, stride, padding in (
            ("1x1", 1, 1, 0),
            ("1x1-stride2", 1, 2, 0),
            ("3x3-padding1-stride2", 3, 2, 1),
            ("7x7-padding3-stride2", 7, 2, 3),
        ):
            yield _conv(what, shape, 4, kernel, stride=stride, padding=padding)
    yield _conv("3x3", _EVEN, 4, 3)
    yield _conv("3x3-without-bias", _ODD, 4, 3, bias=False)
    yield _conv("5x5-padding2", _GREY, 4, 5, padding=2)
    yield _conv("patches", (8, 12, 3), 5, 4, stride=4)
    yield _conv("2x3-uneven", _ODD, 4, (2, 3), stride=(1, 2), padding=(0, 1))
    yield _conv("3x3-groups2", (7, 8, 4), 6, 3, padding=1, groups=2)
    yield _conv("3x3-depthwise", _ODD, 3, 3, padding=1, groups=3)
    yield _conv("3x3-depthwise-stride2", _EVEN, 3, 3, stride=2, padding=1, groups=3)
    yield _conv("3x3-depthwise-twice-as-many", _ODD, 6, 3, padding=1, groups=3)


def _conv(
    what: str,
    shape: Shape,
    filters: int,
    kernel: Size,
    **options: Any,  # noqa: ANN401 - of `Builder.conv`
) -> OpCase:
    body = partial(Builder.conv, filters=filters, kernel=kernel, name="conv", **options)
    return _case("conv", what, shape, body)


def _dense_layers() -> Iterator[OpCase]:
    with_bias = partial(Builder.dense, units=5, name="fc")
    without = partial(Builder.dense, units=5, bias=False, name="fc")
    yield _case("dense", "of-vectors", _ODD, lambda n, x: with_bias(n, n.flatten(x)))
    yield _case("dense", "without-bias", _ODD, lambda n, x: without(n, n.flatten(x)))
    yield _case("dense", "of-positions", _ODD, with_bias, refusable=True)
    yield _of_tokens("dense", "of-tokens", with_bias)


def _normalisations(epsilon: float) -> Iterator[OpCase]:
    batch = partial(Builder.batch_norm, name="bn", epsilon=epsilon)
    layer = partial(Builder.layer_norm, name="ln", epsilon=epsilon)
    of = f"epsilon{epsilon:g}-of"
    for shape in (_EVEN, _GREY):
        yield _case("batch_norm", f"{of}-positions", shape, batch)
    yield _case("batch_norm", f"{of}-vectors", _ODD, lambda n, x: batch(n, n.flatten(x)))
    # a small spread, so that epsilon weighs beside the variance
    yield _case("layer_norm", f"{of}-positions", _ODD, layer, spread=0.1, refusable=True)
    yield _of_tokens("layer_norm", f"{of}-tokens", layer, spread=0.1)


def _elementwise() -> Iterator[OpCase]:
    yield _case("relu", "of-positions", _ODD, Builder.relu)
    # a wide spread, so that some elements are above 6
    yield _case("relu6", "of-positions", _ODD, Builder.relu6, spread=5.0)
    yield _case("tanh", "of-positions", _ODD, Builder.tanh)
    yield _case("gelu", "of-positions", _ODD, Builder.gelu, spread=2.0)
    yield _of_tokens("gelu", "of-tokens", Builder.gelu, spread=2.0)
    # a spread that reaches both bends of the hard ones
    for name in ("sigmoid", "silu", "hard_sigmoid", "hard_swish"):
        function = getattr(Builder, name)
        yield _case(name, "of-positions", _ODD, function, spread=3.0)
        yield _case(name, "of-channels", (1, 1, 6), function, spread=3.0)
    yield _case("dropout", "of-positions", _ODD, lambda n, x: n.dropout(x, 0.5))
    yield _case("dropout", "of-vectors", _ODD, lambda n, x: n.dropout(n.flatten(x), 0.5))
    drop = partial(Builder.stochastic_depth, rate=0.5)
    yield _case("stochastic_depth", "of-positions", _ODD, drop)
    yield _case("add", "of-positions", _ODD, lambda n, x: n.add(x, n.relu(x)))
    yield _case("add", "to-itself", _ODD, lambda n, x: n.add(x, x))
    yield _of_tokens("add", "of-tokens", lambda n, x: n.add(n.relu(x), x))


def _pools() -> Iterator[OpCase]:
    windows: tuple[tuple[str, Size, Size], ...] = (
        ("2x2", 2, 2),
        ("3x3-stride2", 3, 2),
        ("2x3-uneven", (2, 3), (2, 1)),
    )
    for shape in (_EVEN, _ODD, _GREY):
        for what, kernel, stride in windows:
            largest = partial(Builder.max_pool, kernel=kernel, stride=stride)
            mean = partial(Builder.avg_pool, kernel=kernel, stride=stride)
            yield _case("max_pool", what, shape, largest)
            yield _case("avg_pool", what, shape, mean)
        padded = partial(Builder.max_pool, kernel=3, stride=2, padding=1)
        # negative images, so that a padding of zeros would win
        yield _case("max_pool", "3x3-stride2-padding1", shape, padded, mean=-4.0)
        yield _case("global_avg_pool", "mean", shape, Builder.global_avg_pool)
        for size in (1, 2, 3, (4, 3), 7, 11):
            adaptive = partial(Builder.adaptive_avg_pool, size=size)
            what = f"to-{size}" if isinstance(size, int) else "to-4x3"
            yield _case("adaptive_avg_pool", what, shape, adaptive)
    yield from _pools_beyond_the_edge()


def _pools_beyond_the_edge() -> Iterator[OpCase]:
    """Padding that counts in a mean, and last windows that reach beyond it."""
    for shape in (_EVEN, _ODD, (6, 10, 2)):
        padded = partial(Builder.avg_pool, kernel=3, stride=1, padding=1)
        yield _case("avg_pool", "3x3-padding1", shape, padded, mean=3.0)
        for what, kernel, padding in (("3x3", 3, 0), ("2x2", 2, 0), ("3x3-padding1", 3, 1)):
            up = partial(Builder.max_pool, kernel=kernel, stride=2, padding=padding, ceil=True)
            yield _case("max_pool", f"{what}-stride2-ceil", shape, up, mean=-4.0)
    apart = partial(Builder.max_pool, kernel=1, stride=2)
    yield _case("max_pool", "1x1-stride2", _ODD, apart)


def _structure() -> Iterator[OpCase]:
    yield _case("input", "alone", _EVEN, lambda _, x: x)
    yield _case("flatten", "channel-major", _ODD, Builder.flatten)
    yield _case("flatten", "one-channel", _GREY, Builder.flatten)
    yield _case("flatten", "one-position", (1, 1, 3), Builder.flatten)
    for index in (0, 4, 14):

        def one_token(net: Builder, x: Node, index: int = index) -> Node:
            return net.select_token(net.image_to_sequence(x), index)

        yield _case("image_to_sequence", f"token{index}", (3, 5, 4), one_token)
        yield _case("select_token", f"token{index}", (5, 3, 4), one_token)


def _channels() -> Iterator[OpCase]:
    """What joins, weighs and compares channels."""
    for size, shape in ((5, (5, 4, 7)), (2, (5, 4, 7)), (5, (4, 5, 3))):
        # coefficients of one, so that the neighbours weigh as much as the channel itself
        normalise = partial(Builder.local_response_norm, size=size, alpha=1.0, beta=0.75, k=2.0)
        yield _case("local_response_norm", f"{size}-of-{shape[2]}", shape, normalise)
    alexnets = partial(Builder.local_response_norm, size=5, alpha=1e-4, beta=0.75, k=2.0)
    yield _case("local_response_norm", "alexnet", (4, 5, 9), alexnets, spread=30.0)
    scale = partial(Builder.layer_scale, name="scale", init=zeros)
    yield _case("layer_scale", "of-positions", _ODD, scale)
    for before, after in ((0, 2), (1, 2), (2, 0)):
        pad = partial(Builder.pad_channels, before=before, after=after)
        yield _case("pad_channels", f"{before}-{after}", _ODD, pad)
    yield _case("concat", "of-positions", _ODD, lambda n, x: n.concat(x, n.relu(x), n.tanh(x)))
    yield _case("concat", "of-vectors", _ODD, _concatenated_vectors)
    yield _of_tokens("concat", "of-tokens", lambda n, x: n.concat(x, n.tanh(x)))
    yield _case("multiply", "of-positions", _ODD, lambda n, x: n.multiply(x, n.tanh(x)))
    yield _case("multiply", "by-channel", _ODD, _weighed_channels)


def _concatenated_vectors(net: Builder, x: Node) -> Node:
    flat = net.flatten(x)
    return net.concat(flat, net.dense(flat, 3, name="fc"))


def _weighed_channels(net: Builder, x: Node) -> Node:
    gates = net.conv(net.adaptive_avg_pool(x, 1), 3, 1, name="fc1")
    return net.multiply(x, net.sigmoid(gates))


def _of_tokens(op: str, what: str, body: Body, *, spread: float = 1.0) -> OpCase:
    """`body` on a sequence; its first, second and last token go into the result.

    Each passes a dense layer of its own, so that tokens in the wrong order show.
    """

    def whole(net: Builder, x: Node) -> Node:
        tokens = body(net, net.image_to_sequence(x))
        first, second, last = (
            net.dense(net.select_token(tokens, index), 8, name=f"head{index}")
            for index in (0, 1, tokens.shape[0] - 1)
        )
        return net.add(net.add(first, second), last)

    return _case(op, what, (2, 3, 8), whole, spread=spread)


def _sequences() -> Iterator[OpCase]:
    yield _of_tokens("class_token", "put", partial(Builder.class_token, name="token"))
    positions = partial(Builder.position_embedding, name="positions", init=zeros)
    yield _of_tokens("position_embedding", "added", positions)
    for heads in (1, 2, 4):
        attention = partial(Builder.self_attention, heads=heads, name="attention")
        yield _of_tokens("self_attention", f"{heads}-heads", attention)


def _blocks() -> Iterator[OpCase]:
    """Ops together, in the scopes and under the dotted names that architectures use."""
    yield _case("add", "residual-block", _ODD, _residual_block)
    yield _case("conv", "inverted-residual-block", _EVEN, _inverted_residual_block)
    yield _of_tokens("self_attention", "encoder-layer", _encoder_layer)


def _residual_block(net: Builder, x: Node) -> Node:
    with net.scope("layer1.0"):
        y = net.conv(x, 4, 3, stride=2, padding=1, bias=False, name="conv1")
        y = net.relu(net.batch_norm(y, name="bn1"))
        y = net.batch_norm(net.conv(y, 4, 3, padding=1, name="conv2"), name="bn2")
        shortcut = net.conv(x, 4, 1, stride=2, bias=False, name="downsample.0")
        shortcut = net.batch_norm(shortcut, name="downsample.1")
        return net.relu(net.add(y, shortcut))


def _inverted_residual_block(net: Builder, x: Node) -> Node:
    with net.scope("features.1.conv"):
        y = net.relu6(net.batch_norm(net.conv(x, 6, 1, name="0.0"), name="0.1"))
        y = net.conv(y, 6, 3, padding=1, groups=6, bias=False, name="1.0")
        y = net.relu6(net.batch_norm(y, name="1.1"))
        return net.add(x, net.batch_norm(net.conv(y, 3, 1, name="2"), name="3"))


def _encoder_layer(net: Builder, x: Node) -> Node:
    with net.scope("encoder.layers.0"):
        y = net.layer_norm(x, name="ln_1", epsilon=1e-6)
        x = net.add(net.self_attention(y, 2, name="self_attention"), x)
        y = net.layer_norm(x, name="ln_2", epsilon=1e-6)
        y = net.gelu(net.dense(y, 16, name="mlp.0"))
        return net.add(x, net.dense(y, 8, name="mlp.3"))
