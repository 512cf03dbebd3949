"""What an op is: its rules, the NumPy functions that define it, and examples that test it.

Every op stands in one file of this folder, with the method by which architectures use it. A
backend is right where it agrees with an op's `forward` and `derivative`. They are short and pure,
on arrays with the batch first and the channels last, and written for clarity; weights come in
PyTorch's layout, by role. MACs count convolutions, dense layers and attention products only;
padding counts as dense work (torchvision's convention).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchsuite.graph.node import Node, Shape
from benchsuite.graph.ops.arrays import Array

if TYPE_CHECKING:
    from benchsuite.graph.builder import Builder

Attrs = Mapping[str, Any]
Shapes = Sequence[Shape]
#: role -> (shape in PyTorch's layout, trainable)
Layout = dict[str, tuple[Shape, bool]]
#: role -> array, of one node
NodeWeights = Mapping[str, Array]
#: (builder, images) -> any node
Body = Callable[["Builder", Node], Node]
#: (attributes, weights, *inputs) -> output: of evaluation mode. In training, batch_norm is handed
#: the batch's own statistics, and a dropout what it keeps.
Operation = Callable[..., Array]
#: Gradients by the inputs, and by the weights' roles.
Gradients = tuple[tuple[Array, ...], dict[str, Array]]


@dataclass(frozen=True, slots=True)
class Backward:
    """What a derivative is taken at: inputs, output `y`, and the gradient `g` by the output."""

    attrs: Attrs
    weights: NodeWeights
    inputs: tuple[Array, ...]
    y: Array
    g: Array

    @property
    def x(self) -> Array:
        """The first input."""
        return self.inputs[0]


Derivative = Callable[[Backward], Gradients]


@dataclass(frozen=True, slots=True)
class Example:
    """A use of an op that tells right from nearly right.

    shape: of the images. mean, spread: of the images, N(mean, spread²).
    A backend that claims the op may refuse a `refusable` example, which uses the op in a way
    that no architecture here does; what it may not do is get it wrong.
    """

    what: str
    shape: Shape
    body: Body
    mean: float = 0.0
    spread: float = 1.0
    refusable: bool = False


@dataclass(frozen=True, slots=True)
class Op:
    """One op.

    forward, derivative: what defines it. examples: what a backend's lowering is tested with.
    shape, weights, macs: of its output for one example, of its weights, and its work.
    input_macs: of its products, those that the input itself is a factor of.
    rank: of its first input; None where any will do.
    view: whether, in evaluation mode, its output is its input's memory, or a part of it.
    """

    name: str
    forward: Operation
    derivative: Derivative
    examples: Sequence[Example]
    shape: Callable[[Attrs, Shapes], Shape] = lambda attrs, inputs: inputs[0]
    weights: Callable[[Attrs, Shapes], Layout] = lambda attrs, inputs: {}
    macs: Callable[[Attrs, Shapes, Shape], int] = lambda attrs, inputs, output: 0
    input_macs: Callable[[Node], int] = lambda node: node.macs
    rank: int | None = None
    view: bool = False


#: Sizes of examples' images: even, odd, and of one channel.
EVEN, ODD, GREY = (8, 8, 3), (7, 9, 3), (9, 7, 1)


def use(method: str, *arguments: object, **options: object) -> Body:
    """An example's body: one method of the builder, on the images, with these arguments."""
    return lambda net, x: getattr(net, method)(x, *arguments, **options)


def affine_weights(weight: Shape, *, bias: bool) -> Layout:
    """A matrix or a kernel (out, …), and a number for each of its outputs."""
    return {"weight": (weight, True), **({"bias": (weight[:1], True)} if bias else {})}


def of_vectors(what: str, body: Body) -> Example:
    """`body` on the images as vectors."""
    return Example(what, ODD, lambda net, x: body(net, net.flatten(x)))


def of_tokens(what: str, body: Body, *, spread: float = 1.0) -> Example:
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

    return Example(what, (2, 3, 8), whole, spread=spread)
