"""Where a flattened image can stay in Keras' order (H, W, C), at no cost when it runs.

The graph's order is (C, H, W). A permutation of a dense layer's inputs is one of its kernel's
rows: done once, to the weights, it costs nothing, where permuting each image takes some per
cent of a small network's time.
"""

from __future__ import annotations

from collections.abc import Mapping

from benchsuite.graph import Graph, Node, Shape

#: They treat all elements alike, in whatever order.
_ELEMENTWISE = frozenset({"relu", "relu6", "tanh", "gelu", "dropout"})


def images_flattened_in_place(graph: Graph) -> Mapping[str, Shape]:
    """Nodes that give or take an image in the order (H, W, C), and the shape of that image.

    These are `flatten`, where nothing but dense layers sees the order, and those layers.
    """
    found: dict[str, Shape] = {}
    for node in graph.nodes:
        if node.op == "flatten":
            shape = graph.by_name[node.inputs[0]].shape
            found.update(dict.fromkeys(_seen_by_dense_only(graph, node), shape))
    return found


def _seen_by_dense_only(graph: Graph, flatten: Node) -> list[str]:
    """`flatten` and the dense layers behind it; none where any other node sees the order."""
    names, carriers = [flatten.name], [flatten.name]
    while carriers:
        carrier = carriers.pop()
        consumers = [node for node in graph.nodes if carrier in node.inputs]
        if not consumers:  # the order is that of the logits
            return []
        for node in consumers:
            if node.op in _ELEMENTWISE:
                carriers.append(node.name)
            elif node.op == "dense":
                names.append(node.name)
            else:
                return []
    return names
