"""Pooling: of windows, of a grid's cells, and of the whole image."""

import math
from collections.abc import Iterator
from functools import reduce
from itertools import repeat

from benchsuite.graph.node import Node
from benchsuite.graph.ops import op, sliding
from benchsuite.graph.ops.arrays import Array, np
from benchsuite.graph.ops.op import Attrs, Backward, Gradients, NodeWeights, Op
from benchsuite.graph.ops.sliding import Size, all_seen, pair, window
from benchsuite.graph.recorder import Recorder


def _by_largest(at: Backward) -> Gradients:
    """To the first largest element of each window."""
    return (sliding.given_back(at.attrs, at.x, _to_largest(at)),), {}


def _to_largest(at: Backward) -> Iterator[Array]:
    unclaimed = np.ones(at.g.shape, bool)
    for view in all_seen(at.attrs, at.x, -np.inf):
        largest = unclaimed & (view == at.y)
        unclaimed &= ~largest
        yield at.g * largest


def _by_window(at: Backward) -> Gradients:
    """An equal share to every element of each window."""
    count = math.prod(at.attrs["kernel"])
    return (sliding.given_back(at.attrs, at.x, repeat(at.g / count, count)),), {}


def _window_examples(method: str) -> Iterator[op.Example]:
    windows: tuple[tuple[str, Size, Size], ...] = (
        ("2x2", 2, 2),
        ("3x3-stride2", 3, 2),
        ("2x3-uneven", (2, 3), (2, 1)),
    )
    for shape in (op.EVEN, op.ODD, op.GREY):
        for what, kernel, stride in windows:
            yield op.Example(what, shape, op.use(method, kernel, stride=stride))


def _adaptive_avg_pool(attrs: Attrs, weights: NodeWeights, x: Array) -> Array:
    """Mean of each cell of a grid, (N, H, W, C) -> (N, h, w, C): see the builder's method."""
    down, right = _grid(attrs, x)
    # `optimize` multiplies two by two: without it, einsum loops over all six indices at once.
    y = np.einsum("ih,nhwc,jw->nijc", down, x, right, optimize=True)
    # The matrices of averages are float64, whatever the images are.
    rounded: Array = y.astype(x.dtype)
    return rounded


def _by_cell(at: Backward) -> Gradients:
    """The transposed matrices of averages."""
    down, right = _grid(at.attrs, at.x)
    return (np.einsum("ih,nijc,jw->nhwc", down, at.g, right, optimize=True),), {}


def _grid(attrs: Attrs, x: Array) -> tuple[Array, Array]:
    """The averages over rows and over columns of the image, as matrices."""
    down, right = (_cells(*axis) for axis in zip(x.shape[1:3], attrs["size"], strict=True))
    return down, right


def _cells(extent: int, count: int) -> Array:
    """The matrix (count, extent) that averages over `count` cells of one axis."""
    starts = [index * extent // count for index in range(count)]
    ends = [-(-(index + 1) * extent // count) for index in range(count)]
    matrix = np.zeros((count, extent))
    for row, start, end in zip(matrix, starts, ends, strict=True):
        row[start:end] = 1 / (end - start)
    return matrix


def _by_position(at: Backward) -> Gradients:
    """An equal share to every position."""
    share = at.g[:, np.newaxis, np.newaxis] / (at.x.shape[1] * at.x.shape[2])
    return (np.broadcast_to(share, at.x.shape),), {}


MAX_POOL = Op(
    "max_pool",
    # The padding is -inf, so it never wins.
    lambda attrs, weights, x: reduce(np.maximum, all_seen(attrs, x, -np.inf)),
    _by_largest,
    [
        *_window_examples("max_pool"),
        # Negative images, so that a padding of zeros would win.
        *(
            op.Example(
                "3x3-stride2-padding1", shape, op.use("max_pool", 3, stride=2, padding=1), mean=-4.0
            )
            for shape in (op.EVEN, op.ODD, op.GREY)
        ),
        # A last window that reaches beyond the padding.
        *(
            op.Example(
                f"{what}-stride2-ceil",
                shape,
                op.use("max_pool", kernel, stride=2, padding=padding, ceil=True),
                mean=-4.0,
            )
            for shape in (op.EVEN, op.ODD, (6, 10, 2))
            for what, kernel, padding in (("3x3", 3, 0), ("2x2", 2, 0), ("3x3-padding1", 3, 1))
        ),
        op.Example("1x1-stride2", op.ODD, op.use("max_pool", kernel=1, stride=2)),
    ],
    shape=sliding.window_shape,
    rank=3,
)
AVG_POOL = Op(
    "avg_pool",
    # The padding's zeros count in the mean.
    lambda attrs, weights, x: reduce(np.add, all_seen(attrs, x, 0.0)) / math.prod(attrs["kernel"]),
    _by_window,
    [
        *_window_examples("avg_pool"),
        # Far from zero, so that the padding shows in the mean.
        *(
            op.Example("3x3-padding1", shape, op.use("avg_pool", 3, stride=1, padding=1), mean=3.0)
            for shape in (op.EVEN, op.ODD, (6, 10, 2))
        ),
    ],
    shape=sliding.window_shape,
    rank=3,
)
GLOBAL_AVG_POOL = Op(
    "global_avg_pool",
    lambda attrs, weights, x: x.mean(axis=(1, 2)),
    _by_position,
    [op.Example("mean", shape, op.use("global_avg_pool")) for shape in (op.EVEN, op.ODD, op.GREY)],
    shape=lambda attrs, inputs: (inputs[0][2],),
    rank=3,
)
ADAPTIVE_AVG_POOL = Op(
    "adaptive_avg_pool",
    _adaptive_avg_pool,
    _by_cell,
    [
        op.Example(f"to-{what}", shape, op.use("adaptive_avg_pool", size))
        for shape in (op.EVEN, op.ODD, op.GREY)
        for what, size in ((1, 1), (2, 2), (3, 3), ("4x3", (4, 3)), (7, 7), (11, 11))
    ],
    shape=lambda attrs, inputs: (*attrs["size"], inputs[0][2]),
    rank=3,
)
OPS = (MAX_POOL, AVG_POOL, GLOBAL_AVG_POOL, ADAPTIVE_AVG_POOL)


class Pooling(Recorder):
    """The builder's pooling."""

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
        attrs = {**window(kernel, stride, padding), "ceil": ceil}
        return self._add(MAX_POOL, None, (x,), attrs)

    def avg_pool(
        self, x: Node, kernel: Size, *, stride: Size | None = None, padding: Size = 0
    ) -> Node:
        """Mean of each window, (H, W, C) -> (H', W', C); the zeros of the padding count."""
        return self._add(AVG_POOL, None, (x,), window(kernel, stride, padding))

    def adaptive_avg_pool(self, x: Node, size: Size) -> Node:
        """Mean of each cell of a grid of a given size, (H, W, C) -> (*size, C).

        Cell i of n covers the rows floor(i·H/n) up to ceil((i+1)·H/n), as PyTorch has it:
        cells may overlap, and repeat rows where the grid is the finer.
        """
        return self._add(ADAPTIVE_AVG_POOL, None, (x,), {"size": pair(size)})

    def global_avg_pool(self, x: Node) -> Node:
        """Mean over height and width, (H, W, C) -> (C,)."""
        return self._add(GLOBAL_AVG_POOL, None, (x,))
