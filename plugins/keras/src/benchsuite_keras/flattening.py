"""Where a flattened image can stay in Keras' order (H, W, C), at no cost when it runs.

The graph's order is (C, H, W). A permutation of a dense layer's inputs is one of its kernel's
rows: done once, to the weights, it costs nothing, where permuting each image takes some per
cent of a small network's time.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from benchsuite.graph import Graph, Node, Shape

#: They treat all elements alike, in whatever order.
_ELEMENTWISE = frozenset(
    {
        *("relu", "relu6", "tanh", "gelu", "sigmoid", "silu", "hard_sigmoid", "hard_swish"),
        *("dropout", "stochastic_depth"),
    }
)


@dataclass(frozen=True, slots=True)
class FlattenedInPlace:
    """Nodes that give or take an image in the order (H, W, C), and the shape of that image.

    given: by `flatten`, where nothing but dense layers sees the order, and by what lies between.
    taken: by those dense layers.
    """

    given: Mapping[str, Shape]
    taken: Mapping[str, Shape]


def images_flattened_in_place(graph: Graph) -> FlattenedInPlace:
    """Every image of the graph whose order the weights can take care of."""
    given: dict[str, Shape] = {}
    taken: dict[str, Shape] = {}
    for node in graph.nodes:
        if node.op == "flatten":
            shape = graph.by_name[node.inputs[0]].shape
            carriers, dense = _behind(graph, node)
            given.update(dict.fromkeys(carriers, shape))
            taken.update(dict.fromkeys(dense, shape))
    return FlattenedInPlace(given, taken)


def _behind(graph: Graph, flatten: Node) -> tuple[list[str], list[str]]:
    """`flatten` with what carries its order on, and the dense layers that take it.

    Neither where any other node sees the order.
    """
    carriers: list[str] = []
    dense: list[str] = []
    found = [flatten.name]
    while found:
        carriers.append(found.pop())
        consumers = [node for node in graph.nodes if carriers[-1] in node.inputs]
        if not consumers:  # the order is that of the logits
            return [], []
        for node in consumers:
            if node.op in _ELEMENTWISE:
                found.append(node.name)
            elif node.op == "dense":
                dense.append(node.name)
            else:
                return [], []
    return carriers, dense
