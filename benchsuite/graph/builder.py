"""The builder that an architecture is written against: it records, and computes nothing."""

from benchsuite.graph.ops.activations import Activations
from benchsuite.graph.ops.attention import Attention
from benchsuite.graph.ops.convolution import Convolution
from benchsuite.graph.ops.dense import Dense
from benchsuite.graph.ops.normalization import Normalization
from benchsuite.graph.ops.pooling import Pooling
from benchsuite.graph.ops.sliding import Size
from benchsuite.graph.ops.structure import Structure
from benchsuite.graph.ops.tokens import Tokens

__all__ = ["Builder", "Size"]


class Builder(
    Convolution, Dense, Normalization, Activations, Pooling, Structure, Tokens, Attention
):
    """Records a graph, node by node; each op's method stands with the op.

    Every method takes and returns nodes; shapes are per example and channels last.
    `name` is that of the layer within its `scope`; layers without weights may leave it
    out. Together they give the canonical weight names (`layer1.0.conv1.weight`).

    Raises ShapeError where a layer cannot take its inputs.
    """
