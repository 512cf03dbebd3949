import pytest

from benchsuite_keras.padding import keras_padding


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
    assert keras_padding(extents, kernel, stride, padding) == expected
