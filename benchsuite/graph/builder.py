"""The op vocabulary, and the builder that architectures are written against."""

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


class Builder(
    convolution.Convolution,
    dense.Dense,
    normalization.Normalization,
    activations.Activations,
    pooling.Pooling,
    structure.Structure,
    tokens.Tokens,
    attention.Attention,
):
    """Records a graph, node by node, and computes nothing; each op's method stands with the op.

    Every method takes and returns nodes; shapes are per example and channels last.
    `name` is that of the layer within its `scope`; layers without weights may leave it
    out. Together they give the canonical weight names (`layer1.0.conv1.weight`).

    Raises ShapeError where a layer cannot take its inputs.
    """
