"""What a graph says of memory and of training: activations held, elements moved, MACs of a step.

Elements and MACs are for one image, and seen from outside of the ops: what an op allocates
within itself is not known here. A view (`Op.view`) holds and moves nothing of its own.
"""

from collections.abc import Mapping

from benchsuite.graph.builder import OPS
from benchsuite.graph.node import Graph, Node


def peak_elements(graph: Graph) -> int:
    """The most elements alive at once in inference, in the order of execution.

    A node's output lives until its last consumer has run, and while a node runs, its inputs and
    its output are all alive: nothing is computed in place.
    """
    last = _last_uses(graph)
    alive: dict[str, int] = {}
    peak = 0
    for step, node in enumerate(graph.nodes):
        if not OPS[node.op].view:
            alive[node.name] = node.size
        peak = max(peak, sum(alive.values()))
        alive = {name: size for name, size in alive.items() if last[name] > step}
    return peak


def total_elements(graph: Graph) -> int:
    """Elements of all nodes' outputs: what training keeps for its way back, at the most."""
    return sum(node.size for node in graph.nodes)


def moved_elements(graph: Graph) -> int:
    """Elements of activations that inference reads and writes at least, op by op, in memory."""
    return sum(
        node.size + sum(graph.by_name[name].size for name in node.inputs)
        for node in graph.nodes
        if _moves(node)
    )


def training_moved_elements(graph: Graph) -> int:
    """The same of a training step: the forward pass, and gradients of the same shapes.

    The way back reads the gradient by each output and writes those by the inputs, but for what
    no weight stands before: nobody asks for the image's gradient.
    """
    trained = _trained(graph)
    return moved_elements(graph) + sum(
        node.size + sum(graph.by_name[name].size for name in node.inputs if trained[name])
        for node in graph.nodes
        if _moves(node) and trained[node.name]
    )


def training_macs(graph: Graph) -> int:
    """Multiply-accumulates of a training step for one image.

    Of each product, its own and those of both factors' gradients; by the input there is none
    where no weight stands before it, as in the layers that see the image first.
    """
    trained = _trained(graph)
    return sum(
        3 * node.macs
        - (0 if any(trained[name] for name in node.inputs) else OPS[node.op].input_macs(node))
        for node in graph.nodes
        if node.macs
    )


def _moves(node: Node) -> bool:
    return bool(node.inputs) and not OPS[node.op].view


def _last_uses(graph: Graph) -> Mapping[str, int]:
    """By the name of a node that is no view: the step after which nobody needs its output."""
    owner: dict[str, str] = {}
    last: dict[str, int] = {}
    for step, node in enumerate(graph.nodes):
        owner[node.name] = owner[node.inputs[0]] if OPS[node.op].view else node.name
        for name in (node.name, *node.inputs):
            last[owner[name]] = step
    # Whoever called holds the logits: they outlive every step.
    last[owner[graph.output.name]] = len(graph.nodes)
    return last


def _trained(graph: Graph) -> Mapping[str, bool]:
    """By name, whether a trainable weight has a part in the node's output."""
    found: dict[str, bool] = {}
    for node in graph.nodes:
        found[node.name] = bool(node.parameters) or any(found[name] for name in node.inputs)
    return found
