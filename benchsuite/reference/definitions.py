"""What defines the ops: one function each, and its derivative."""

from collections.abc import Mapping
from types import MappingProxyType

from benchsuite.graph.ops import OPS
from benchsuite.graph.ops.op import Derivative, Operation

#: By the op's name, the function that defines it, and its derivative; `input` computes nothing.
OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {name: op.forward for name, op in OPS.items() if name != "input"}
)
DERIVATIVES: Mapping[str, Derivative] = MappingProxyType(
    {name: op.derivative for name, op in OPS.items() if name != "input"}
)
