import pytest

from benchsuite.graph import Builder
from benchsuite_keras.padding import keras_padding, window_pads


@pytest.mark.parametrize(
    ("extents", "kernel", "stride", "padding", "expected"),
    [
        ((8, 8), (3, 3), (1, 1), (1, 1), "same"),
        ((7, 7), (3, 3), (2, 2), (1, 1), "same"),
        ((8, 8), (3, 3), (2, 2), (1, 1), None),  # 'same' would pad (0, 1)
        ((8, 7), (3, 3), (2, 2), (1, 1), None),  # and so on one axis of two
        ((8, 8), (3, 3), (2, 2), (0, 0), "valid"),
        ((8, 8), (1, 1), (2, 2), (0, 0), "valid"),
        ((7, 7), (7, 7), (2, 2), (3, 3), "same"),
        ((8, 8), (5, 5), (1, 1), (1, 1), None),  # 'same' would pad (2, 2)
        ((8, 8), (3, 1), (1, 1), (1, 0), "same"),
        ((6, 6), (1, 1), (3, 3), (1, 1), None),  # 'same' would pad nothing
    ],
)
def test_keras_padding_is_named_only_where_it_is_the_same(
    extents, kernel, stride, padding, expected
):
    pads = tuple((each, each) for each in padding)
    assert keras_padding(extents, kernel, stride, pads) == expected


@pytest.mark.parametrize(
    ("extents", "kernel", "padding", "pads", "expected"),
    [
        ((8, 8), 3, 0, ((0, 1), (0, 1)), "same"),
        ((7, 7), 3, 0, ((0, 0), (0, 0)), "valid"),
        ((8, 7), 3, 0, ((0, 1), (0, 0)), None),  # 'same' would pad the width (1, 1)
        ((7, 9), 2, 0, ((0, 1), (0, 1)), "same"),
        ((8, 8), 3, 1, ((1, 2), (1, 2)), None),
        ((7, 7), 3, 1, ((1, 1), (1, 1)), "same"),
    ],
)
def test_window_pads_reach_as_far_as_a_last_window_does(extents, kernel, padding, pads, expected):
    net = Builder()
    pooled = net.max_pool(net.input((*extents, 1)), kernel, stride=2, padding=padding, ceil=True)
    window = ((kernel, kernel), (2, 2))
    assert window_pads(extents, pooled.shape[:2], *window, (padding, padding)) == pads
    assert keras_padding(extents, *window, pads) == expected
