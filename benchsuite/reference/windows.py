"""Sliding windows, tap by tap: what each element of a kernel sees at every position."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchsuite.graph import Shape
from benchsuite.graph.ops import window_extent
from benchsuite.reference.attention import Array, Attrs

Tap = tuple[int, int]


def positions(attrs: Attrs, extents: Shape) -> tuple[int, ...]:
    """Rows and columns of the output, for an input of height and width `extents`."""
    windows = zip(extents, attrs["kernel"], attrs["stride"], attrs["padding"], strict=True)
    return tuple(window_extent(*window, ceil=attrs.get("ceil", False)) for window in windows)


def pads(attrs: Attrs, extents: Shape) -> tuple[tuple[int, int], ...]:
    """What is put before and after height and width.

    Where `ceil` asks for a last window beyond the padding, there is more after than before.
    """
    counts = positions(attrs, extents)
    axes = zip(extents, counts, attrs["kernel"], attrs["stride"], attrs["padding"], strict=True)
    return tuple(
        (padding, max(padding, (count - 1) * stride + kernel - extent - padding))
        for extent, count, kernel, stride, padding in axes
    )


def padded(attrs: Attrs, x: Array, fill: float) -> Array:
    """(N, H, W, C) with `fill` around height and width."""
    return np.pad(x, ((0, 0), *pads(attrs, x.shape[1:3]), (0, 0)), constant_values=fill)


def cropped(attrs: Attrs, x: Array, extents: Shape) -> Array:
    """Without what `padded` put around it."""
    (top, _), (left, _) = pads(attrs, extents)
    return x[:, top : top + extents[0], left : left + extents[1]]


def taps(attrs: Attrs) -> Iterator[Tap]:
    """Row and column of every element of the kernel."""
    height, width = attrs["kernel"]
    return ((row, column) for row in range(height) for column in range(width))


def seen(attrs: Attrs, around: Array, tap: Tap, counts: tuple[int, ...]) -> Array:
    """What one tap sees of a padded image at every position, as a view: (N, H', W', C)."""
    (down, right), (top, left), (rows, columns) = attrs["stride"], tap, counts
    return around[:, top : top + down * rows : down, left : left + right * columns : right]


def all_seen(attrs: Attrs, x: Array, fill: float) -> Iterator[Array]:
    """What each tap sees of an image, tap after tap."""
    around, counts = padded(attrs, x, fill), positions(attrs, x.shape[1:3])
    return (seen(attrs, around, tap, counts) for tap in taps(attrs))


def mix_channels(x: Array, matrix: Array, groups: int) -> Array:
    """(…, C) -> (…, F) by a matrix (F, C/groups); group g of F sees group g of C."""
    if groups == 1:
        product: Array = x @ matrix.T
        return product
    if matrix.shape == (groups, 1):  # one filter for each channel
        return x * matrix[:, 0]
    apart = x.reshape(*x.shape[:-1], groups, 1, -1)
    by_group = matrix.T.reshape(-1, groups, len(matrix) // groups).transpose(1, 0, 2)
    mixed: Array = (apart @ by_group).reshape(*x.shape[:-1], len(matrix))
    return mixed
