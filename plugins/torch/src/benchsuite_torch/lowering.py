"""Graph -> `torch.fx.GraphModule`, as a person would have written it.

Every prefix of the dotted node names whose nodes have one input and one output becomes a
submodule with a forward of its own: `nn.Sequential` where it is a mere chain of layers, a
GraphModule elsewhere. The nodes of other prefixes belong to the block around them, which
reaches their layers by a dotted path.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import fx, nn

from benchsuite.errors import UnsupportedError
from benchsuite.graph import Graph, Node
from benchsuite.graph.weights import Weights
from benchsuite_torch import layers
from benchsuite_torch.forward import Forward
from benchsuite_torch.functions import EXACT
from benchsuite_torch.ops import LOWERINGS, OVERWRITABLE, PASSING
from benchsuite_torch.state import inject

OPS = frozenset({"input", *LOWERINGS})

Prefix = tuple[str, ...]


def lower(graph: Graph, weights: Weights, *, exact: bool = False) -> fx.GraphModule:
    """Make the module of a graph, with these weights: (N, C, H, W) -> (N, classes).

    exact: replace what PyTorch rounds to float32 even in float64; for proofs of equality.

    Raises UnsupportedError for an op, or a rank of its input, that has no lowering.
    """
    module = lower_without_weights(graph)
    if exact:
        _replace_rounded(module)
    inject(module, weights)
    return module


def _replace_rounded(module: fx.GraphModule) -> None:
    for block in module.modules():
        rounded = _rounded(block) if isinstance(block, fx.GraphModule) else []
        for node in rounded:
            node.target = EXACT[node.target]
        if rounded:
            block.recompile()
            _call_directly(block)


def _rounded(block: fx.GraphModule) -> list[fx.Node]:
    return [node for node in block.graph.nodes if node.target in EXACT]


def lower_without_weights(graph: Graph) -> fx.GraphModule:
    """As `lower`, on the `meta` device: PyTorch need not draw weights of its own."""
    for node in graph.nodes:
        _refuse_unsupported(node)
    with torch.device("meta"):
        return _Writer(graph).root()


def _refuse_unsupported(node: Node) -> None:
    if node.op not in OPS:
        raise UnsupportedError(
            f"backend 'torch' has no lowering for op '{node.op}', which layer '{node.name}' "
            f"needs; it lowers: {', '.join(sorted(OPS))}"
        )
    ranks = LOWERINGS[node.op].ranks if node.op in LOWERINGS else None
    if ranks is not None and len(node.shape) not in ranks:
        raise UnsupportedError(
            f"backend 'torch' lowers op '{node.op}' for tensors of "
            f"{' or '.join(map(str, ranks))} axes; layer '{node.name}' yields {node.shape}"
        )


@dataclass(frozen=True, slots=True)
class _Block:
    """A prefix with one input and one output: a module of its own."""

    prefix: Prefix
    nodes: tuple[Node, ...]
    source: str
    result: str


@dataclass(frozen=True, slots=True)
class _Step:
    """One statement of a forward: a single node, or the call of an inner block."""

    attribute: str
    inputs: tuple[str, ...]
    result: str
    content: Node | _Block

    @property
    def is_plain(self) -> bool:
        """Whether this can be an entry of `nn.Sequential`: it takes one tensor as it comes."""
        if "." in self.attribute:
            return False
        return isinstance(self.content, _Block) or _is_plain_layer(self.content)


def _is_plain_layer(node: Node) -> bool:
    lowering = LOWERINGS[node.op]
    permuted = lowering.channels == "last" and len(node.shape) == 3  # noqa: PLR2004 - (H, W, C)
    return lowering.call is layers.layer and not permuted


class _Writer:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._consumers: dict[str, list[str]] = defaultdict(list)
        for node in graph.nodes:
            for source in node.inputs:
                self._consumers[source].append(node.name)
        self._consumers[graph.output.name].append("")
        self._blocks = self._find_blocks()

    def root(self) -> fx.GraphModule:
        source, *nodes = self._graph.nodes
        block = _Block((), tuple(nodes), source.name, self._graph.output.name)
        return self._graph_module(block, self._graph.name)

    # Which prefixes are blocks.

    def _find_blocks(self) -> Mapping[Prefix, _Block]:
        positions: dict[Prefix, list[int]] = defaultdict(list)
        for index, node in enumerate(self._graph.nodes):
            parts = node.name.split(".")
            for depth in range(1, len(parts)):
                positions[tuple(parts[:depth])].append(index)
        found = (self._block(prefix, indices) for prefix, indices in positions.items())
        return {block.prefix: block for block in found if block is not None}

    def _block(self, prefix: Prefix, indices: Sequence[int]) -> _Block | None:
        first, last = indices[0], indices[-1]
        if last - first + 1 != len(indices):
            return None
        nodes = self._graph.nodes[first : last + 1]
        inside = {node.name for node in nodes}
        sources = {source for node in nodes for source in node.inputs} - inside
        results = [node.name for node in nodes if set(self._consumers[node.name]) - inside]
        if len(sources) != 1 or len(results) != 1:
            return None
        return _Block(prefix, nodes, sources.pop(), results[0])

    # What a block does, step by step.

    def _steps(self, block: _Block) -> Iterator[_Step]:
        depth = len(block.prefix)
        index = 0
        while index < len(block.nodes):
            node = block.nodes[index]
            parts = node.name.split(".")
            inner = self._outermost_block(parts, depth)
            if inner is None:
                yield _Step(".".join(parts[depth:]), node.inputs, node.name, node)
                index += 1
            else:
                attribute = ".".join(inner.prefix[depth:])
                yield _Step(attribute, (inner.source,), inner.result, inner)
                index += len(inner.nodes)

    def _outermost_block(self, parts: Sequence[str], depth: int) -> _Block | None:
        prefixes = (tuple(parts[:end]) for end in range(depth + 1, len(parts)))
        return next((self._blocks[p] for p in prefixes if p in self._blocks), None)

    # Writing.

    def _module(self, block: _Block) -> nn.Module:
        steps = list(self._steps(block))
        if all(step.is_plain for step in steps) and _is_chain(steps, block):
            return nn.Sequential(OrderedDict((s.attribute, self._member(s)) for s in steps))
        return self._graph_module(block, "_".join(block.prefix))

    def _graph_module(self, block: _Block, class_name: str) -> fx.GraphModule:
        forward = Forward(block.source)
        members: dict[str, nn.Module | nn.Parameter] = {}
        for step in self._steps(block):
            member = self._member(step)
            if member is not None:
                members[step.attribute] = member
            self._write(step, forward, block.prefix)
        forward.output(block.result)
        module = fx.GraphModule(members, forward.graph, class_name)
        _call_directly(module)
        return module

    def _member(self, step: _Step) -> nn.Module | nn.Parameter | None:
        if isinstance(step.content, _Block):
            return self._module(step.content)
        make = LOWERINGS[step.content.op].member
        return None if make is None else make(step.content)

    def _write(self, step: _Step, forward: Forward, prefix: Prefix) -> None:
        if isinstance(step.content, _Block):
            variable = _variable(step.attribute, prefix[-1] if prefix else "block")
            forward.call_block(step.attribute, step.content.source, step.result, variable)
        else:
            node = step.content
            variable = _variable(step.attribute, node.op)
            in_place = self._may_overwrite(node.inputs[0])
            forward.call(node, step.attribute, variable, in_place=in_place)

    def _may_overwrite(self, name: str) -> bool:
        """Whether nothing else reads this result: neither a node nor a gradient.

        A dense layer's result for tokens or positions is a view, where overwriting costs more
        than it saves.
        """
        node = self._graph.by_name[name]
        if len(self._consumers[name]) > 1:
            return False
        if node.op in PASSING:
            return self._may_overwrite(node.inputs[0])
        is_view = node.op == "dense" and len(node.shape) > 1
        return node.op in OVERWRITABLE and not is_view


def _call_directly(module: fx.GraphModule) -> None:
    """Drop fx's wrapper of calls, which costs microseconds a block.

    All that it does is to print the generated code beside an error. Every GraphModule has a
    class of its own, so nobody else is touched.
    """
    if "__call__" in vars(type(module)):
        del type(module).__call__


def _is_chain(steps: Sequence[_Step], block: _Block) -> bool:
    linked = all(after.inputs == (before.result,) for before, after in pairwise(steps))
    return linked and steps[0].inputs == (block.source,) and steps[-1].result == block.result


def _variable(attribute: str, kind: str) -> str:
    """A name for a result: `conv1`, or `conv_0` where the attribute is a number."""
    name = attribute.replace(".", "_")
    return f"{kind}_{name}" if name[0].isdigit() else name
