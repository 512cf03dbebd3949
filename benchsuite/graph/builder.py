"""The builder that an architecture is written against: it records, and computes nothing."""

from __future__ import annotations

from collections.abc import Mapping

from benchsuite.graph import initializers
from benchsuite.graph.initializers import Rule
from benchsuite.graph.node import Attribute, Node
from benchsuite.graph.recorder import Recorder

Size = int | tuple[int, int]


class Builder(Recorder):
    """Records a graph, node by node.

    Every method takes and returns nodes; shapes are per example and channels last.
    `name` is that of the layer within its `scope`; layers without weights may leave it
    out. Together they give the canonical weight names (`layer1.0.conv1.weight`).

    Raises ShapeError where a layer cannot take its inputs.
    """

    def conv(
        self,
        x: Node,
        filters: int,
        kernel: Size,
        *,
        name: str,
        stride: Size = 1,
        padding: Size = 0,
        groups: int = 1,
        bias: bool = True,
        init: Rule = initializers.fan_in_uniform,
        bias_init: Rule = initializers.fan_in_uniform,
    ) -> Node:
        """2-D cross-correlation, (H, W, C) -> (H', W', filters); zero padding on both sides."""
        attrs: dict[str, Attribute] = {
            "filters": filters,
            "kernel": _pair(kernel),
            "stride": _pair(stride),
            "padding": _pair(padding),
            "groups": groups,
            "bias": bias,
        }
        return self._add("conv", name, (x,), attrs, {"weight": init, "bias": bias_init})

    def dense(
        self,
        x: Node,
        units: int,
        *,
        name: str,
        bias: bool = True,
        init: Rule = initializers.fan_in_uniform,
        bias_init: Rule = initializers.fan_in_uniform,
    ) -> Node:
        """A linear map of the last axis, (…, F) -> (…, units)."""
        attrs = {"units": units, "bias": bias}
        return self._add("dense", name, (x,), attrs, {"weight": init, "bias": bias_init})

    def batch_norm(
        self, x: Node, *, name: str, epsilon: float = 1e-5, momentum: float = 0.1
    ) -> Node:
        """Batch normalisation over the last axis (Ioffe and Szegedy 2015).

        `momentum` weighs the new statistic, as in PyTorch; the running variance is unbiased.
        """
        attrs = {"epsilon": epsilon, "momentum": momentum}
        return self._add("batch_norm", name, (x,), attrs, _NORM_RULES)

    def layer_norm(self, x: Node, *, name: str, epsilon: float) -> Node:
        """Layer normalisation over the last axis (Ba et al. 2016)."""
        return self._add("layer_norm", name, (x,), {"epsilon": epsilon}, _NORM_RULES)

    def relu(self, x: Node) -> Node:
        """max(x, 0)."""
        return self._add("relu", None, (x,))

    def relu6(self, x: Node) -> Node:
        """min(max(x, 0), 6)."""
        return self._add("relu6", None, (x,))

    def tanh(self, x: Node) -> Node:
        """The hyperbolic tangent."""
        return self._add("tanh", None, (x,))

    def gelu(self, x: Node) -> Node:
        """The exact x Φ(x), with the normal distribution's Φ (Hendrycks and Gimpel 2016)."""
        return self._add("gelu", None, (x,), {"approximate": "none"})

    def sigmoid(self, x: Node) -> Node:
        """1 / (1 + exp(-x))."""
        return self._add("sigmoid", None, (x,))

    def silu(self, x: Node) -> Node:
        """The product x · sigmoid(x) (Elfwing et al. 2017; also called swish)."""
        return self._add("silu", None, (x,))

    def hard_sigmoid(self, x: Node) -> Node:
        """min(max(x + 3, 0), 6) / 6 (Howard et al. 2019, section 5.2)."""
        return self._add("hard_sigmoid", None, (x,))

    def hard_swish(self, x: Node) -> Node:
        """The product x · hard_sigmoid(x) (Howard et al. 2019, section 5.2)."""
        return self._add("hard_swish", None, (x,))

    def dropout(self, x: Node, rate: float) -> Node:
        """In training, zero elements with probability `rate` and scale the rest by 1/(1-rate)."""
        return self._add("dropout", None, (x,), {"rate": rate})

    def stochastic_depth(self, x: Node, rate: float) -> Node:
        """In training, zero whole examples with probability `rate` and scale the rest.

        Huang et al. 2016; the others are multiplied by 1/(1-rate).
        """
        return self._add("stochastic_depth", None, (x,), {"rate": rate})

    def max_pool(
        self,
        x: Node,
        kernel: Size,
        *,
        stride: Size | None = None,
        padding: Size = 0,
        ceil: bool = False,
    ) -> Node:
        """Largest value of each window, (H, W, C) -> (H', W', C); pads with -inf.

        `ceil` rounds the output's size up: a last window may then reach beyond the padding.
        """
        attrs = {**_window(kernel, stride, padding), "ceil": ceil}
        return self._add("max_pool", None, (x,), attrs)

    def avg_pool(
        self, x: Node, kernel: Size, *, stride: Size | None = None, padding: Size = 0
    ) -> Node:
        """Mean of each window, (H, W, C) -> (H', W', C); the zeros of the padding count."""
        return self._add("avg_pool", None, (x,), _window(kernel, stride, padding))

    def adaptive_avg_pool(self, x: Node, size: Size) -> Node:
        """Mean of each cell of a grid of a given size, (H, W, C) -> (*size, C).

        Cell i of n covers the rows floor(i·H/n) up to ceil((i+1)·H/n), as PyTorch has it:
        cells may overlap, and repeat rows where the grid is the finer.
        """
        return self._add("adaptive_avg_pool", None, (x,), {"size": _pair(size)})

    def global_avg_pool(self, x: Node) -> Node:
        """Mean over height and width, (H, W, C) -> (C,)."""
        return self._add("global_avg_pool", None, (x,))

    def local_response_norm(
        self, x: Node, size: int, *, alpha: float, beta: float, k: float
    ) -> Node:
        """The quotient x / (k + alpha · sum of squares of `size` neighbouring channels)^beta.

        Krizhevsky et al. 2012, section 3.3. PyTorch divides its `alpha` by `size`.
        """
        attrs: dict[str, Attribute] = {"size": size, "alpha": alpha, "beta": beta, "k": k}
        return self._add("local_response_norm", None, (x,), attrs)

    def layer_scale(self, x: Node, *, name: str, init: Rule) -> Node:
        """Multiply each channel by a learned number (Touvron et al. 2021), (H, W, C)."""
        return self._add("layer_scale", name, (x,), {}, {"": init})

    def pad_channels(self, x: Node, before: int, after: int) -> Node:
        """Put channels of zeros on both sides, (H, W, C) -> (H, W, before + C + after)."""
        return self._add("pad_channels", None, (x,), {"before": before, "after": after})

    def multiply(self, x: Node, gates: Node) -> Node:
        """The product of two tensors of one shape, or (H, W, C) by one gate per channel."""
        return self._add("multiply", None, (x, gates))

    def concat(self, *parts: Node) -> Node:
        """Put tensors behind each other along their last axis."""
        return self._add("concat", None, parts)

    def add(self, x: Node, y: Node) -> Node:
        """The sum of two tensors of one shape."""
        return self._add("add", None, (x, y))

    def flatten(self, x: Node) -> Node:
        """All elements as a vector, channel-major: (H, W, C) -> (C·H·W,), as PyTorch does."""
        return self._add("flatten", None, (x,))

    def image_to_sequence(self, x: Node) -> Node:
        """One token per position, row by row: (H, W, C) -> (H·W, C)."""
        return self._add("image_to_sequence", None, (x,))

    def class_token(self, x: Node, *, name: str, init: Rule = initializers.zeros) -> Node:
        """Put a learned token first: (T, D) -> (T+1, D)."""
        return self._add("class_token", name, (x,), {}, {"": init})

    def position_embedding(self, x: Node, *, name: str, init: Rule) -> Node:
        """Add a learned tensor of the shape of x, (T, D)."""
        return self._add("position_embedding", name, (x,), {}, {"": init})

    def self_attention(self, x: Node, heads: int, *, name: str) -> Node:
        """Multi-head self-attention, (T, D) -> (T, D) (Vaswani et al. 2017, section 3.2.2).

        The projections of queries, keys and values are packed, as in PyTorch.
        """
        rules = {
            "in_proj_weight": initializers.xavier_uniform,
            "in_proj_bias": initializers.zeros,
            "out_proj.weight": initializers.fan_in_uniform,
            "out_proj.bias": initializers.zeros,
        }
        return self._add("self_attention", name, (x,), {"heads": heads}, rules)

    def select_token(self, x: Node, index: int) -> Node:
        """One token of a sequence: (T, D) -> (D,)."""
        return self._add("select_token", None, (x,), {"index": index})


_NORM_RULES: Mapping[str, Rule] = {
    "weight": initializers.constant(1.0),
    "bias": initializers.zeros,
    "running_mean": initializers.zeros,
    "running_var": initializers.constant(1.0),
}


def _pair(size: Size) -> tuple[int, int]:
    return size if isinstance(size, tuple) else (size, size)


def _window(kernel: Size, stride: Size | None, padding: Size) -> dict[str, Attribute]:
    step = kernel if stride is None else stride
    return {"kernel": _pair(kernel), "stride": _pair(step), "padding": _pair(padding)}
