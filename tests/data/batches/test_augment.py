import numpy as np
import pytest

from benchsuite.data.batches.augment import AUGMENTATIONS, check_augmentations
from benchsuite.data.batches.augment import augment as augment_and_mix
from benchsuite.data.batches.mixing import MIXERS
from benchsuite.errors import UnknownNameError, UsageError

NOISE = np.random.default_rng(0).integers(0, 256, (400, 8, 16, 3), np.uint8)
#: Smooth, so that moving it by a part of a pixel changes little.
RAMP = np.broadcast_to(
    np.linspace(40, 200, 33).astype(np.uint8)[None, None, :, None], (40, 33, 33, 3)
)


def augment(images, names, generator):
    found, mixture = augment_and_mix(images, names, generator)
    assert mixture is None
    return found


def generator():
    return np.random.default_rng(5)


@pytest.mark.parametrize("name", AUGMENTATIONS)
@pytest.mark.parametrize("channels", [1, 3])
def test_augmentations_keep_shape_type_and_what_they_are_given(name, channels):
    given = NOISE[:30, ..., :channels].copy()
    found = augment(given, [name], generator())
    assert (found.shape, found.dtype) == (given.shape, np.uint8)
    np.testing.assert_array_equal(given, NOISE[:30, ..., :channels])


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_augmentations_depend_on_the_generator_alone(name):
    first, again = (augment(NOISE, [name], generator()) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    other = augment(NOISE, [name], np.random.default_rng(6))
    assert not np.array_equal(first, other)
    assert not np.array_equal(first, NOISE)


def changed(found, given):
    return (found != given).reshape(len(given), -1).any(axis=1)


def test_flip_mirrors_half_of_them():
    found = augment(NOISE, ["flip"], generator())
    mirrored = changed(found, NOISE)
    assert 150 < mirrored.sum() < 250
    np.testing.assert_array_equal(found[mirrored], NOISE[mirrored, :, ::-1])


def test_crop_is_a_window_of_the_padded_image():
    found = augment(NOISE, ["crop"], generator())
    padded = np.pad(NOISE, ((0, 0), (1, 1), (2, 2), (0, 0)))
    seen = set()
    for index, image in enumerate(found):
        fits = [
            (row, column)
            for row in range(3)
            for column in range(5)
            if np.array_equal(image, padded[index, row : row + 8, column : column + 16])
        ]
        assert len(fits) == 1
        seen.update(fits)
    assert len(seen) == 15


def test_rotate_turns_about_the_centre():
    found = augment(RAMP, ["rotate"], generator())
    assert np.abs(found[:, 16, 16].astype(int) - RAMP[:, 16, 16]).max() <= 5
    rising = found[:, 26, 16, 0].astype(int) - found[:, 6, 16, 0]
    assert rising.min() < -10
    assert rising.max() > 10
    assert np.abs(rising).max() <= 20 * 5 * np.tan(np.radians(15.5))


def test_shear_moves_rows_sideways_and_leaves_the_middle():
    found = augment(RAMP, ["shear"], generator())
    assert np.abs(found[:, 16, 16].astype(int) - RAMP[:, 16, 16]).max() <= 5
    slant = found[:, 26, 16, 0].astype(int) - found[:, 6, 16, 0]
    assert 10 < np.abs(slant).max() <= 20 * 5 * 0.21


def test_zoom_changes_the_slope_by_up_to_a_fifth():
    found = augment(RAMP, ["zoom"], generator()).astype(int)
    slopes = (found[:, 16, 24, 0] - found[:, 16, 8, 0]) / 80
    assert 0.78 < slopes.min() < 0.9
    assert 1.1 < slopes.max() < 1.22


def test_jitter_of_gray_keeps_it_gray():
    gray = np.repeat(NOISE[..., :1], 3, axis=3)
    found = augment(gray, ["jitter"], generator()).astype(int)
    assert np.abs(found[..., 0] - found[..., 2]).max() <= 1


def test_grayscale_takes_a_tenths_colours():
    found = augment(NOISE, ["grayscale"], generator())
    gray = changed(found, NOISE)
    assert 20 < gray.sum() < 65
    assert (found[gray, ..., 0] == found[gray, ..., 2]).all()


def test_erase_changes_one_rectangle_of_half_of_them():
    found = augment(NOISE, ["erase"], generator())
    erased = np.flatnonzero(changed(found, NOISE))
    assert 150 < len(erased) < 250
    for index in erased:
        where = np.argwhere((found[index] != NOISE[index]).any(axis=2))
        (top, left), (bottom, right) = where.min(axis=0), where.max(axis=0)
        area = (bottom - top + 1) * (right - left + 1)
        assert area <= 0.45 * 8 * 16 + 8


def test_augment_does_one_after_the_other():
    shared = generator()
    flipped = augment(NOISE, ["flip"], shared)
    expected = augment(flipped, ["crop"], shared)
    np.testing.assert_array_equal(augment(NOISE, ["flip", "crop"], generator()), expected)
    np.testing.assert_array_equal(augment(NOISE, [], generator()), NOISE)


def test_mixing_comes_last_and_says_how():
    shared = generator()
    flipped, _ = augment_and_mix(NOISE, ["flip"], shared)
    expected, _ = MIXERS["mixup"](flipped, shared)
    found, mixture = augment_and_mix(NOISE, ["flip", "mixup"], generator())
    np.testing.assert_array_equal(found, expected)
    assert mixture is not None


def test_check_augmentations_suggests_what_was_meant():
    check_augmentations([*AUGMENTATIONS, "cutmix"])
    with pytest.raises(UsageError, match="and last, got mixup, flip"):
        check_augmentations(["mixup", "flip"])
    with pytest.raises(UnknownNameError, match=r"'flipp'\. Did you mean 'flip'"):
        check_augmentations(["crop", "flipp"])
