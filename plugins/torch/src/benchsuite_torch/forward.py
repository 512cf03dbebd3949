"""One forward in the making: an `fx.Graph` of `forward(self, x)`.

Images are (N, C, H, W) between blocks. Within one, they may pass as (N, H, W, C), so that a
dense layer behind a normalisation needs no permutation in between.
"""

from torch import fx

from benchsuite.graph import Node
from benchsuite_torch.call import Call
from benchsuite_torch.ops import LOWERINGS

#: Where an fx node keeps the name of the graph's node that it is the result of.
RESULT_OF = "benchsuite_result_of"
#: Where it keeps whether the result is (N, H, W, C).
CHANNELS_LAST = "benchsuite_channels_last"


class Forward:
    """Statements, one by one; `source` is the node whose result is the argument."""

    def __init__(self, source: str) -> None:
        self.graph = fx.Graph()
        #: By the name of the graph's node, and by whether an image's channels are last.
        self._values = {(source, False): self.graph.placeholder("x")}

    def call_block(self, attribute: str, source: str, result: str, variable: str) -> None:
        """`<variable> = self.<attribute>(<source>)`, where the attribute is a block."""
        inputs = (self._value(source, channels_last=False),)
        self._values[result, False] = self.graph.create_node(
            "call_module", attribute, inputs, name=variable
        )

    def call(self, node: Node, attribute: str, variable: str, *, in_place: bool) -> None:
        """One op; `in_place`: whether its first input may be overwritten."""
        last = self._takes_channels_last(node)
        inputs = tuple(self._value(name, channels_last=last) for name in node.inputs)
        call = Call(self.graph, node, inputs, attribute, variable, in_place)
        value = LOWERINGS[node.op].call(call)
        value.meta[RESULT_OF] = node.name
        value.meta[CHANNELS_LAST] = last
        self._values[node.name, last] = value

    def output(self, result: str) -> None:
        """`return <result>`."""
        self.graph.output(self._value(result, channels_last=False))

    def _takes_channels_last(self, node: Node) -> bool:
        if len(node.shape) != 3:  # noqa: PLR2004 - (H, W, C)
            return False
        channels = LOWERINGS[node.op].channels
        if channels == "any":
            return (node.inputs[0], False) not in self._values
        return channels == "last"

    def _value(self, name: str, *, channels_last: bool) -> fx.Node:
        """A result, permuted where it has only been needed the other way round."""
        if (name, channels_last) not in self._values:
            order = (0, 2, 3, 1) if channels_last else (0, 3, 1, 2)
            other = self._values[name, not channels_last]
            self._values[name, channels_last] = self.graph.call_method("permute", (other, *order))
        return self._values[name, channels_last]
