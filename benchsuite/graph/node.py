"""The narrow waist: an immutable, framework-neutral description of one network."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from benchsuite.graph.initializers import Initializer, Unknown

Shape = tuple[int, ...]
Attribute = int | float | str | bool | tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Weight:
    """One tensor of a node, in PyTorch's layout.

    `role` is its name within the node (`weight`, `running_mean`, `out_proj.bias`); it is
    empty where the node itself is the parameter (`class_token`). Weights that are not
    trainable are buffers: batch-norm statistics.
    """

    role: str
    shape: Shape
    initializer: Initializer
    trainable: bool = True

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)


# `eq=False`: a mapping of attributes has no hash, and names are unique within a graph anyway.
@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One operation. Shapes are per example and channels last: (H, W, C), (T, D) or (F,)."""

    name: str
    op: str
    inputs: tuple[str, ...]
    attrs: Mapping[str, Attribute]
    shape: Shape
    weights: tuple[Weight, ...]
    macs: int

    def weight_name(self, weight: Weight) -> str:
        """Canonical name of one of this node's weights, such as `layer1.0.conv1.weight`."""
        return ".".join(part for part in (self.name, weight.role) if part)

    @property
    def size(self) -> int:
        """Number of elements of its output, for one example."""
        return math.prod(self.shape)

    @property
    def parameters(self) -> int:
        """Number of trainable elements."""
        return sum(weight.size for weight in self.weights if weight.trainable)


@dataclass(frozen=True)
class Graph:
    """A network: nodes in order of execution; the first is the input, the last the logits.

    `name` is the architecture's. Weights are keyed by canonical name, which for an
    architecture of torchvision is exactly its `state_dict` key.
    """

    name: str
    nodes: tuple[Node, ...]

    @cached_property
    def by_name(self) -> Mapping[str, Node]:
        """Every node under its name."""
        return {node.name: node for node in self.nodes}

    @property
    def input_shape(self) -> Shape:
        """(H, W, C)."""
        return self.nodes[0].shape

    @property
    def output(self) -> Node:
        """The node that yields the logits, of shape (classes,)."""
        return self.nodes[-1]

    @cached_property
    def weights(self) -> Mapping[str, Weight]:
        """Every weight and buffer under its canonical name, in order of execution."""
        return {node.weight_name(weight): weight for node in self.nodes for weight in node.weights}

    @property
    def ops(self) -> frozenset[str]:
        """Names of the ops that a backend must know to lower this graph."""
        return frozenset(node.op for node in self.nodes)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of convolutions, dense layers and attention, for one image."""
        return sum(node.macs for node in self.nodes)

    @property
    def flops(self) -> int:
        """Floating-point operations for one image: 2 × MACs, nothing else counted."""
        return 2 * self.macs

    @property
    def parameters(self) -> int:
        """Number of trainable elements."""
        return sum(node.parameters for node in self.nodes)

    @property
    def buffers(self) -> int:
        """Number of elements that are state but not trained: batch-norm statistics."""
        return sum(weight.size for weight in self.weights.values() if not weight.trainable)

    @cached_property
    def fingerprint(self) -> str:
        """sha256 of the graph's function: structure, numbers and names, without initial values."""
        text = json.dumps([_describe(node) for node in self.nodes], separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def _describe(node: Node) -> list[object]:
    weights = [[w.role, list(w.shape), w.trainable] for w in node.weights]
    # Sorted: the order in which the builder names attributes is no part of the function.
    attrs = sorted(node.attrs.items())
    return [node.name, node.op, list(node.inputs), attrs, list(node.shape), weights]


def opaque_graph(
    name: str,
    input_shape: Shape,
    classes: int,
    macs: int,
    weights: Mapping[str, tuple[Shape, bool]] | None = None,
) -> Graph:
    """A network known from outside: an input (H, W, C), and a node with the logits and all weights.

    weights: shape, and whether it is trained, by the library's own name.
    """
    held = tuple(
        Weight(role, shape, Unknown(), trainable)
        for role, (shape, trainable) in (weights or {}).items()
    )
    images = Node("input", "input", (), {}, input_shape, (), 0)
    everything = Node("", "native", ("input",), {}, (classes,), held, macs)
    return Graph(name, (images, everything))
