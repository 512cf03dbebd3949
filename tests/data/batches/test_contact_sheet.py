import numpy as np
import pytest

from benchsuite.contract import Batch
from benchsuite.data import contact_sheet

NAMES = ["zero", "one", "two"]


@pytest.mark.parametrize("channels", [1, 3])
def test_images_stand_row_by_row(channels):
    images = np.zeros((5, 32, 16, channels), np.uint8)
    images[:] = np.array([10, 50, 90, 130, 170], np.uint8)[:, None, None, None]
    sheet = np.asarray(contact_sheet(Batch(images, np.array([0, 1, 2, 0, 1])), NAMES))
    assert sheet.shape == (2 * (64 + 12), 3 * 32, 3)
    for index, value in enumerate([10, 50, 90, 130, 170]):
        top, left = index // 3 * 76, index % 3 * 32
        assert (sheet[top : top + 64, left : left + 32] == value).all()


def test_captions_differ_by_class_and_by_share():
    images = np.zeros((2, 64, 64, 3), np.uint8)

    def caption(labels):
        return np.asarray(contact_sheet(Batch(images, labels), NAMES))[64:76].tobytes()

    assert caption(np.array([0, 0])) != caption(np.array([1, 1]))
    shares = np.array([[0.7, 0.3, 0.0], [0.0, 0.5, 0.5]], np.float32)
    assert caption(shares) != caption(shares[::-1])
