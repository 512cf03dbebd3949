"""Small graphs, each around one op or one way of using it, that tell right from nearly right.

Odd and even sizes, one and three channels, strides and paddings that frameworks treat
differently. Each ends in a vector, as a network's logits do.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchsuite.graph import OPS, Builder, Graph, Node, Shape
from benchsuite.graph.ops.op import EVEN, ODD, Example, of_tokens
from benchsuite.graph.weights import Weights

_CLASSES = 4


@dataclass(frozen=True, slots=True)
class OpCase:
    """A graph around `op`, and how its images are distributed: N(mean, spread²).

    A backend that claims the op may refuse a `refusable` case: see `Example`.
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
    """Every example of every op, then ops together, as architectures use them."""
    alone = [(name, example) for name, op in OPS.items() for example in op.examples]
    return tuple(_case(op, example) for op, example in [*alone, *_blocks()])


#: Of the images of all examples.
EXAMPLE_SHAPES: tuple[Shape, ...] = tuple(
    dict.fromkeys(example.shape for op in OPS.values() for example in op.examples)
)


def examples_together(shape: Shape, ops: frozenset[str], *, refusable: bool) -> Graph:
    """Every example with images of this shape whose ops are among these, in one graph.

    Each has a layer in front, whose gradient is the one by the example's input, and a head of its
    own; the logits are the heads' sum. refusable: whether those that may be refused are in it.
    """
    net = Builder()
    images = net.input(shape)
    logits = net.dense(net.flatten(images), _CLASSES, name="head")
    for scope, op, example in _examples_of(shape):
        if _case(op, example).graph.ops <= ops and (refusable or not example.refusable):
            with net.scope(scope):
                x = net.conv(images, shape[-1], 1, name="gain") if "conv" in ops else images
                result = example.body(net, x)
                is_image = len(result.shape) == len(shape)
                vector = net.flatten(result) if is_image else result
                logits = net.add(logits, net.dense(vector, _CLASSES, name="head"))
    return net.graph(f"examples-{'x'.join(map(str, shape))}")


def spread_weights(shape: Shape, weights: Weights) -> dict[str, NDArray[np.floating]]:
    """The same, but each example's input is distributed as the example has it.

    A bounded activation shows its bounds only to what reaches them.
    """
    found = dict(weights)
    for scope, _, example in _examples_of(shape):
        weight, bias = f"{scope}.gain.weight", f"{scope}.gain.bias"
        if weight in found:
            found[weight] = found[weight] * found[weight].dtype.type(example.spread)
            found[bias] = found[bias] + found[bias].dtype.type(example.mean)
    return found


def _examples_of(shape: Shape) -> Iterator[tuple[str, str, Example]]:
    """The scope, the op and the example of each with images of this shape."""
    for op in OPS.values():
        for index, example in enumerate(op.examples):
            if example.shape == shape:
                yield f"{op.name}{index}", op.name, example


def _case(op: str, example: Example) -> OpCase:
    name = f"{op}-{example.what}-{'x'.join(map(str, example.shape))}"
    net = Builder()
    result = example.body(net, net.input(example.shape))
    if len(result.shape) == len(example.shape):
        net.flatten(result)
    graph = net.graph(name)
    return OpCase(name, op, graph, example.mean, example.spread, example.refusable)


def _blocks() -> list[tuple[str, Example]]:
    """Ops together, in the scopes and under the dotted names that architectures use."""
    return [
        ("add", Example("residual-block", ODD, _residual_block)),
        ("conv", Example("inverted-residual-block", EVEN, _inverted_residual_block)),
        ("self_attention", of_tokens("encoder-layer", _encoder_layer)),
    ]


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
