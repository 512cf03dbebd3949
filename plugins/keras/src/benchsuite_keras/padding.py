"""Which of Keras' paddings is the graph's explicit, symmetric one."""

from __future__ import annotations

from benchsuite.graph import Shape

Pair = tuple[int, int]


def keras_padding(extents: Shape, kernel: Pair, stride: Pair, padding: Pair) -> str | None:
    """The `padding=` that pads (height, width) by exactly `padding` on both sides.

    None where Keras has no name for it, and a layer of its own must pad. 'same' is used
    where it can be, since it costs no extra pass over the data.
    """
    if padding == (0, 0):
        return "valid"
    axes = zip(extents, kernel, stride, padding, strict=True)
    if all(_same_pads(*axis[:3]) == (axis[3], axis[3]) for axis in axes):
        return "same"
    return None


def _same_pads(extent: int, kernel: int, stride: int) -> Pair:
    """What 'same' puts before and after one axis: it depends on the extent if stride > 1."""
    outputs = -(-extent // stride)
    total = max((outputs - 1) * stride + kernel - extent, 0)
    return total // 2, total - total // 2
