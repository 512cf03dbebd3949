import numpy as np
import pytest
from PIL import Image

from benchsuite.data.images.arrays import fit_images
from benchsuite.errors import ShapeError


@pytest.fixture
def noise():
    return np.random.default_rng(0).integers(0, 256, (3, 9, 7, 3), np.uint8)


@pytest.mark.parametrize("size", [(5, 4), (20, 31), (9, 14)])
def test_fit_images_resizes_as_pillow_does(noise, size):
    height, width = size

    fitted = fit_images(noise, (height, width, 3))

    expected = [
        np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR))
        for image in noise
    ]
    np.testing.assert_array_equal(fitted, expected)


def test_fit_images_shrinks_with_antialiasing():
    checkers = np.indices((32, 32)).sum(axis=0) % 2 * 255

    fitted = fit_images(checkers.astype(np.uint8)[None, ..., None], (4, 4, 1))

    # Without it every sample would be 0 or 255.
    assert np.abs(fitted.astype(int) - 127).max() <= 2


def test_fit_images_leaves_images_of_the_right_shape_alone(noise):
    assert fit_images(noise, (9, 7, 3)) is noise


def test_fit_images_repeats_gray_as_three_channels(noise):
    fitted = fit_images(noise[..., :1], (9, 7, 3))

    for channel in range(3):
        np.testing.assert_array_equal(fitted[..., channel], noise[..., 0])


def test_fit_images_turns_colours_into_luma_as_pillow_does(noise):
    fitted = fit_images(noise, (9, 7, 1))

    expected = np.stack([np.asarray(Image.fromarray(image).convert("L")) for image in noise])
    # Pillow rounds its integer weights down by up to one step.
    assert np.abs(fitted[..., 0].astype(int) - expected).max() <= 1
    assert fitted.dtype == np.uint8
    np.testing.assert_array_equal(
        fit_images(
            np.array([[[[255, 0, 0]]], [[[0, 255, 0]]], [[[0, 0, 255]]]], np.uint8), (1, 1, 1)
        ),
        np.array([76, 150, 29], np.uint8).reshape(3, 1, 1, 1),
    )


@pytest.mark.parametrize("channels", [2, 4])
def test_fit_images_refuses_other_channels(noise, channels):
    with pytest.raises(ShapeError, match=f"3 channels cannot be turned into {channels}"):
        fit_images(noise, (9, 7, channels))
