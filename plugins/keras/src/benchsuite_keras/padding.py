"""Which of Keras' paddings is the graph's explicit one."""

from benchsuite.graph import Shape

Pair = tuple[int, int]
#: Before and after height, before and after width.
Pads = tuple[Pair, Pair]


def window_pads(extents: Shape, outputs: Shape, kernel: Pair, stride: Pair, padding: Pair) -> Pads:
    """What must surround (height, width) for `outputs` positions of a window.

    `padding` on both sides, and more behind where a last window reaches beyond it (`ceil`).
    """
    above_below, left_right = (
        (before, max(before, (count - 1) * step + taps - extent - before))
        for extent, count, taps, step, before in zip(
            extents, outputs, kernel, stride, padding, strict=True
        )
    )
    return above_below, left_right


def keras_padding(extents: Shape, kernel: Pair, stride: Pair, pads: Pads) -> str | None:
    """The `padding=` that pads (height, width) by exactly `pads`.

    None where Keras has no name for it, and a layer of its own must pad. 'same' is used
    where it can be, since it costs no extra pass over the data.
    """
    if pads == ((0, 0), (0, 0)):
        return "valid"
    axes = zip(extents, kernel, stride, pads, strict=True)
    if all(_same_pads(*axis[:3]) == axis[3] for axis in axes):
        return "same"
    return None


def _same_pads(extent: int, kernel: int, stride: int) -> Pair:
    """What 'same' puts before and after one axis: it depends on the extent if stride > 1."""
    outputs = -(-extent // stride)
    total = max((outputs - 1) * stride + kernel - extent, 0)
    return total // 2, total - total // 2
