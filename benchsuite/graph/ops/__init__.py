"""The op vocabulary: each op stands in one file, with everything that there is of it.

A new op is one declaration in the file that it belongs to, and one lowering in each backend.
"""

from collections.abc import Mapping
from types import MappingProxyType

from benchsuite.graph.ops import (
    activations,
    attention,
    convolution,
    dense,
    normalization,
    pooling,
    structure,
    tokens,
)
from benchsuite.graph.ops.op import Op

_FAMILIES = (convolution, dense, normalization, activations, pooling, structure, tokens, attention)
OPS: Mapping[str, Op] = MappingProxyType({op.name: op for one in _FAMILIES for op in one.OPS})
