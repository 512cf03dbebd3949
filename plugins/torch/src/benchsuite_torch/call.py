"""What a lowering is: how one op is written into a generated forward."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from torch import fx, nn

from benchsuite.graph import Node


@dataclass(frozen=True, slots=True)
class Call:
    """One node, about to be written into a generated forward.

    attribute: path of its layer or parameter in the module that the forward belongs to.
    variable: the name that its result gets.
    in_place: whether its first input may be overwritten.
    """

    forward: fx.Graph
    node: Node
    inputs: tuple[fx.Node, ...]
    attribute: str
    variable: str
    in_place: bool

    def layer(self, *args: Any, **kwargs: Any) -> fx.Node:  # noqa: ANN401 - as fx has it
        """`self.<attribute>(…)`."""
        return self._write("call_module", self.attribute, *args, **kwargs)

    def function(self, target: Any, *args: Any, **kwargs: Any) -> fx.Node:  # noqa: ANN401
        """`target(…)`."""
        return self._write("call_function", target, *args, **kwargs)

    def method(self, target: str, *args: Any) -> fx.Node:  # noqa: ANN401 - as fx has it
        """`args[0].target(…)`."""
        return self._write("call_method", target, *args)

    def parameter(self) -> fx.Node:
        """`self.<attribute>`."""
        return self.forward.create_node("get_attr", self.attribute)

    def _write(self, kind: str, target: Any, *args: Any, **kwargs: Any) -> fx.Node:  # noqa: ANN401
        return self.forward.create_node(kind, target, args, kwargs, name=self.variable)


@dataclass(frozen=True, slots=True)
class Lowering:
    """How one op is lowered.

    call: writes the op into a forward and returns its result.
    member: makes the layer or parameter that holds the node's weights.
    ranks: those of the outputs that the lowering is right for; None where any will do.
    channels: where it takes and leaves an image's channels: `first` is (N, C, H, W), `last`
        is (N, H, W, C), and `any` is where they are already.
    """

    call: Callable[[Call], fx.Node]
    member: Callable[[Node], nn.Module | nn.Parameter] | None = None
    ranks: tuple[int, ...] | None = None
    channels: Literal["first", "last", "any"] = "first"
