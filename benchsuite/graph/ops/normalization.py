"""Normalisation and scaling of channels."""

from collections.abc import Iterator, Mapping

from benchsuite.graph import initializers
from benchsuite.graph.initializers import Rule
from benchsuite.graph.node import Attribute, Node
from benchsuite.graph.ops import op
from benchsuite.graph.ops.arrays import Array, np
from benchsuite.graph.ops.op import Attrs, Backward, Gradients, NodeWeights, Op
from benchsuite.graph.recorder import Recorder

_RULES: Mapping[str, Rule] = {
    "weight": initializers.constant(1.0),
    "bias": initializers.zeros,
    "running_mean": initializers.zeros,
    "running_var": initializers.constant(1.0),
}


def _batch_norm_weights(attrs: Attrs, inputs: op.Shapes) -> op.Layout:
    channels = inputs[0][-1:]
    statistics: op.Layout = {"running_mean": (channels, False), "running_var": (channels, False)}
    return op.affine_weights(channels, bias=True) | statistics


def _batch_norm(attrs: Attrs, weights: NodeWeights, x: Array) -> Array:
    """(x - running_mean) / sqrt(running_var + epsilon) · weight + bias, over the last axis."""
    deviation = np.sqrt(weights["running_var"] + attrs["epsilon"])
    y: Array = (x - weights["running_mean"]) / deviation * weights["weight"] + weights["bias"]
    return y


def _layer_norm(attrs: Attrs, weights: NodeWeights, x: Array) -> Array:
    """As batch_norm, with the mean and the biased variance of each example's last axis."""
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = (centred**2).mean(axis=-1, keepdims=True)
    y: Array = centred / np.sqrt(variance + attrs["epsilon"]) * weights["weight"] + weights["bias"]
    return y


def _normalisation(at: Backward, axes: tuple[int, ...]) -> Gradients:
    """Of training mode: mean and variance over these axes are functions of the input itself."""
    x, g = at.x, at.g
    centred = x - x.mean(axis=axes, keepdims=True)
    deviation = np.sqrt((centred**2).mean(axis=axes, keepdims=True) + at.attrs["epsilon"])
    normal = centred / deviation
    rows = tuple(range(x.ndim - 1))
    by_role = {"weight": (g * normal).sum(axis=rows), "bias": g.sum(axis=rows)}
    through = g * at.weights["weight"]
    shared = through.mean(axis=axes, keepdims=True)
    shared = shared + normal * (through * normal).mean(axis=axes, keepdims=True)
    return ((through - shared) / deviation,), by_role


def batch_norm_in_evaluation(at: Backward) -> Gradients:
    """Of evaluation mode, by the running statistics too: they are constants of the network."""
    g, weights, rows = at.g, at.weights, tuple(range(at.g.ndim - 1))
    variance = weights["running_var"] + at.attrs["epsilon"]
    centred, through = at.x - weights["running_mean"], g * weights["weight"] / np.sqrt(variance)
    by_role = {
        "weight": (g * centred).sum(axis=rows) / np.sqrt(variance),
        "bias": g.sum(axis=rows),
        "running_mean": -through.sum(axis=rows),
        "running_var": -(through * centred).sum(axis=rows) / (2 * variance),
    }
    return (through,), by_role


def _batch_norm_examples() -> Iterator[op.Example]:
    for epsilon in (1e-5, 1e-3):
        body, of = op.use("batch_norm", name="bn", epsilon=epsilon), f"epsilon{epsilon:g}-of"
        for shape in (op.EVEN, op.GREY):
            yield op.Example(f"{of}-positions", shape, body)
        yield op.of_vectors(f"{of}-vectors", body)


def _layer_norm_examples() -> Iterator[op.Example]:
    for epsilon in (1e-5, 1e-3):
        body, of = op.use("layer_norm", name="ln", epsilon=epsilon), f"epsilon{epsilon:g}-of"
        # A small spread, so that epsilon weighs beside the variance.
        yield op.Example(f"{of}-positions", op.ODD, body, spread=0.1, refusable=True)
        yield op.of_tokens(f"{of}-tokens", body, spread=0.1)


def _base(attrs: Attrs, x: Array) -> Array:
    """The sum k + alpha · Σ x², over channels c - size//2 … c + (size-1)//2."""
    size = attrs["size"]
    pads = ((0, 0), (0, 0), (0, 0), (size // 2, (size - 1) // 2))
    base: Array = attrs["k"] + attrs["alpha"] * _windows(x**2, pads, size).sum(axis=-1)
    return base


def _windows(x: Array, pads: tuple[tuple[int, int], ...], size: int) -> Array:
    """Each channel's neighbours, zeros beyond the first and last one: (N, H, W, C, size)."""
    found: Array = np.lib.stride_tricks.sliding_window_view(np.pad(x, pads), size, axis=3)
    return found


def _by_neighbours(at: Backward) -> Gradients:
    """g·b^-β - 2αβ·x·Σ g·y/b, over the channels that have this one as a neighbour."""
    attrs, g, size = at.attrs, at.g, at.attrs["size"]
    base = _base(attrs, at.x)
    pads = ((0, 0), (0, 0), (0, 0), ((size - 1) // 2, size // 2))
    summed = _windows(g * at.y / base, pads, size).sum(axis=-1)
    scale = 2 * attrs["alpha"] * attrs["beta"]
    return (g / base ** attrs["beta"] - scale * at.x * summed,), {}


def _by_channel(at: Backward) -> Gradients:
    """A product by channel."""
    scale = at.weights[""]
    by_scale = (at.g * at.x).sum(axis=(0, 1, 2)).reshape(scale.shape)
    return (at.g * scale[:, 0, 0],), {"": by_scale}


BATCH_NORM = Op(
    "batch_norm",
    _batch_norm,
    # Over the batch and all positions (Ioffe and Szegedy 2015, section 3.2).
    lambda at: _normalisation(at, axes=tuple(range(at.x.ndim - 1))),
    tuple(_batch_norm_examples()),
    weights=_batch_norm_weights,
)
LAYER_NORM = Op(
    "layer_norm",
    _layer_norm,
    lambda at: _normalisation(at, axes=(-1,)),
    tuple(_layer_norm_examples()),
    weights=lambda attrs, inputs: op.affine_weights(inputs[0][-1:], bias=True),
)
LOCAL_RESPONSE_NORM = Op(
    "local_response_norm",
    lambda attrs, weights, x: x / _base(attrs, x) ** attrs["beta"],
    _by_neighbours,
    [
        # Coefficients of one, so that the neighbours weigh as much as the channel itself.
        *(
            op.Example(
                f"{size}-of-{shape[2]}",
                shape,
                op.use("local_response_norm", size, alpha=1.0, beta=0.75, k=2.0),
            )
            for size, shape in ((5, (5, 4, 7)), (2, (5, 4, 7)), (5, (4, 5, 3)))
        ),
        op.Example(
            "alexnet",
            (4, 5, 9),
            op.use("local_response_norm", 5, alpha=1e-4, beta=0.75, k=2.0),
            spread=30.0,
        ),
    ],
    rank=3,
)
LAYER_SCALE = Op(
    "layer_scale",
    lambda attrs, weights, x: x * weights[""][:, 0, 0],
    _by_channel,
    [
        op.Example(
            "of-positions", op.ODD, op.use("layer_scale", name="scale", init=initializers.zeros)
        )
    ],
    # (C, 1, 1) is torchvision's shape in ConvNeXt, whose images have the channels first.
    weights=lambda attrs, inputs: {"": ((inputs[0][-1], 1, 1), True)},
    rank=3,
)
OPS = (BATCH_NORM, LAYER_NORM, LOCAL_RESPONSE_NORM, LAYER_SCALE)


class Normalization(Recorder):
    """The builder's normalisation and scaling."""

    def batch_norm(
        self, x: Node, *, name: str, epsilon: float = 1e-5, momentum: float = 0.1
    ) -> Node:
        """Batch normalisation over the last axis (Ioffe and Szegedy 2015).

        `momentum` weighs the new statistic, as in PyTorch; the running variance is unbiased.
        """
        attrs = {"epsilon": epsilon, "momentum": momentum}
        return self._add(BATCH_NORM, name, (x,), attrs, _RULES)

    def layer_norm(self, x: Node, *, name: str, epsilon: float) -> Node:
        """Layer normalisation over the last axis (Ba et al. 2016)."""
        return self._add(LAYER_NORM, name, (x,), {"epsilon": epsilon}, _RULES)

    def local_response_norm(
        self, x: Node, size: int, *, alpha: float, beta: float, k: float
    ) -> Node:
        """The quotient x / (k + alpha · sum of squares of `size` neighbouring channels)^beta.

        Krizhevsky et al. 2012, section 3.3. PyTorch divides its `alpha` by `size`.
        """
        attrs: dict[str, Attribute] = {"size": size, "alpha": alpha, "beta": beta, "k": k}
        return self._add(LOCAL_RESPONSE_NORM, None, (x,), attrs)

    def layer_scale(self, x: Node, *, name: str, init: Rule) -> Node:
        """Multiply each channel by a learned number (Touvron et al. 2021), (H, W, C)."""
        return self._add(LAYER_SCALE, name, (x,), {}, {"": init})
