"""Sliding windows, tap by tap: what each element of a kernel sees at every position."""

from collections.abc import Iterable, Iterator

from benchsuite.errors import ShapeError
from benchsuite.graph.node import Attribute, Shape
from benchsuite.graph.ops.arrays import Array, np
from benchsuite.graph.ops.op import Attrs, Shapes

Size = int | tuple[int, int]
Tap = tuple[int, int]


def pair(size: Size) -> tuple[int, int]:
    """Of height and width; one number stands for both."""
    return size if isinstance(size, tuple) else (size, size)


def window(kernel: Size, stride: Size | None, padding: Size) -> dict[str, Attribute]:
    """The attributes of a window; by itself, it moves by its own size."""
    step = kernel if stride is None else stride
    return {"kernel": pair(kernel), "stride": pair(step), "padding": pair(padding)}


def window_extent(
    extent: int, kernel: int, stride: int, padding: int, *, ceil: bool = False
) -> int:
    """Output extent of a window sliding over one axis, rounded down, or up with `ceil`.

    Rounded up, the last window may reach beyond the padding, but starts within the input or
    the padding before it (`torch.nn.MaxPool2d`, `ceil_mode`).
    """
    room = extent + 2 * padding - kernel
    if not ceil:
        return room // stride + 1
    count = -(-room // stride) + 1
    return count if (count - 1) * stride < extent + padding else count - 1


def window_shape(attrs: Attrs, inputs: Shapes) -> Shape:
    """One value per window and channel. Raises ShapeError where not even one window fits."""
    height, width, channels = inputs[0]
    extents = positions(attrs, (height, width))
    if min(extents) < 1:
        kernel = "×".join(map(str, attrs["kernel"]))
        raise ShapeError(f"a {kernel} window does not fit into an input of {height}×{width}")
    return (*extents, channels)


def positions(attrs: Attrs, extents: Shape) -> tuple[int, ...]:
    """Rows and columns of the output, for an input of height and width `extents`."""
    windows = zip(extents, attrs["kernel"], attrs["stride"], attrs["padding"], strict=True)
    return tuple(window_extent(*one, ceil=attrs.get("ceil", False)) for one in windows)


def _pads(attrs: Attrs, extents: Shape) -> tuple[tuple[int, int], ...]:
    """What is put before and after height and width.

    Where `ceil` asks for a last window beyond the padding, there is more after than before.
    """
    counts = positions(attrs, extents)
    axes = zip(extents, counts, attrs["kernel"], attrs["stride"], attrs["padding"], strict=True)
    return tuple(
        (padding, max(padding, (count - 1) * stride + kernel - extent - padding))
        for extent, count, kernel, stride, padding in axes
    )


def _padded(attrs: Attrs, x: Array, fill: float) -> Array:
    """(N, H, W, C) with `fill` around height and width."""
    return np.pad(x, ((0, 0), *_pads(attrs, x.shape[1:3]), (0, 0)), constant_values=fill)


def taps(attrs: Attrs) -> Iterator[Tap]:
    """Row and column of every element of the kernel."""
    height, width = attrs["kernel"]
    return ((row, column) for row in range(height) for column in range(width))


def _seen(attrs: Attrs, around: Array, counts: tuple[int, ...]) -> Iterator[Array]:
    """What each tap sees of a padded image at every position, as a view: (N, H', W', C)."""
    (down, right), (rows, columns) = attrs["stride"], counts
    return (
        around[:, top : top + down * rows : down, left : left + right * columns : right]
        for top, left in taps(attrs)
    )


def all_seen(attrs: Attrs, x: Array, fill: float) -> Iterator[Array]:
    """What each tap sees of an image, tap after tap."""
    return _seen(attrs, _padded(attrs, x, fill), positions(attrs, x.shape[1:3]))


def given_back(attrs: Attrs, x: Array, shares: Iterable[Array]) -> Array:
    """By an image (N, H, W, C): what each tap saw gets back its share; the padding's is cut off."""
    count, rows, columns, channels = x.shape
    (top, bottom), (left, right) = _pads(attrs, (rows, columns))
    around = np.zeros((count, top + rows + bottom, left + columns + right, channels), x.dtype)
    views = _seen(attrs, around, positions(attrs, (rows, columns)))
    for view, share in zip(views, shares, strict=True):
        np.add(view, share, out=view)
    return around[:, top : top + rows, left : left + columns]
