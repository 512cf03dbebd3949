"""Augmentation: drawn by the core from (seed, epoch), so the same bytes for every backend.

Each takes uint8 images (N, H, W, C) and a generator, and yields new ones of that shape. What
comes in from outside an image is black.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from PIL import Image

from benchsuite.data.batches.mixing import MIXERS, Mixture
from benchsuite.data.images.arrays import fit_images
from benchsuite.errors import UnknownNameError, UsageError, did_you_mean

Images = NDArray[np.uint8]
Augmentation = Callable[[Images, np.random.Generator], Images]

#: As a share of a side: 4 of 32 pixels (He et al. 2016, section 4.2).
_PADDING = 1 / 8
_SHIFT, _DEGREES, _SHEAR, _ZOOM = 0.1, 15.0, 0.2, 0.2
#: Szegedy et al. 2015, Going deeper with convolutions, arXiv:1409.4842, section 6.
_CROPPED_AREA, _CROPPED_ASPECT = (0.08, 1.0), (3 / 4, 4 / 3)
#: Factors of brightness, contrast and colour are drawn from 1 ± this.
_JITTER = 0.4
#: Rec. ITU-R BT.601.
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
#: Zhong et al. 2017, Random erasing, arXiv:1708.04896, section 4: share of area, and of sides.
_ERASED_AREA, _ERASED_ASPECT = (0.02, 0.4), (0.3, 1 / 0.3)


def flip(images: Images, generator: np.random.Generator) -> Images:
    """Mirror every other one, left to right."""
    mirrored = generator.random(len(images)) < 0.5  # noqa: PLR2004 - half of them
    pixels = _pixels(images)
    flipped = pixels.copy()
    flipped[mirrored] = pixels[mirrored][:, :, ::-1]
    return _bytes(flipped)


def crop(images: Images, generator: np.random.Generator) -> Images:
    """Pad by an eighth on each side, and cut the size out again (He et al. 2016)."""
    count, height, width, channels = images.shape
    # At least one pixel: an eighth of a small side rounds to none.
    above, beside = (max(1, round(_PADDING * side)) for side in (height, width))
    padded = np.zeros((count, height + 2 * above, width + 2 * beside, channels), np.uint8)
    padded[:, above:-above, beside:-beside] = images
    rows = generator.integers(0, 2 * above + 1, count)
    columns = generator.integers(0, 2 * beside + 1, count)
    windows = sliding_window_view(_pixels(padded), (height, width), axis=(1, 2))
    return _bytes(windows[np.arange(count), rows, columns])


def _pixels(images: Images) -> NDArray[np.void]:
    """(N, H, W, C) -> (N, H, W): moved as a whole, a pixel takes half the time of its bytes."""
    whole: NDArray[np.void] = np.ascontiguousarray(images).view(f"V{images.shape[3]}")[..., 0]
    return whole


def _bytes(pixels: NDArray[np.void]) -> Images:
    """(N, H, W) -> (N, H, W, C)."""
    return pixels.view(np.uint8).reshape(*pixels.shape, pixels.itemsize)


def shift(images: Images, generator: np.random.Generator) -> Images:
    """By up to a tenth of each side, in whole pixels."""
    _, height, width, _ = images.shape
    down, right = (
        generator.integers(-most, most + 1, len(images))
        for most in (max(1, round(_SHIFT * side)) for side in (height, width))
    )
    shifted = np.zeros_like(images)
    for index, (rows, columns) in enumerate(zip(down, right, strict=True)):
        to_rows, from_rows = _overlap(rows, height)
        to_columns, from_columns = _overlap(columns, width)
        shifted[index, to_rows, to_columns] = images[index, from_rows, from_columns]
    return shifted


def _overlap(by: int, size: int) -> tuple[slice, slice]:
    """Where a side that is moved comes to lie on itself: in the new, and in the old."""
    return slice(max(0, by), size + min(0, by)), slice(max(0, -by), size - max(0, by))


def random_resized_crop(images: Images, generator: np.random.Generator) -> Images:
    """Cut out 8 to 100 % of the area, of aspect 3:4 to 4:3, and resize it (Szegedy et al. 2015)."""
    _, height, width, _ = images.shape
    cropped = np.empty_like(images)
    for index, image in enumerate(images):
        where = _rectangle(generator, height, width, _CROPPED_AREA, _CROPPED_ASPECT)
        cropped[index] = fit_images(image[where][np.newaxis], images.shape[1:])[0]
    return cropped


def _rectangle(
    generator: np.random.Generator,
    height: int,
    width: int,
    areas: tuple[float, float],
    aspects: tuple[float, float],
) -> tuple[slice, slice]:
    """(rows, columns) of a rectangle within an image, its aspect drawn by its logarithm."""
    area = height * width * generator.uniform(*areas)
    aspect = np.exp(generator.uniform(*np.log(aspects)))
    tall = int(np.clip(round(np.sqrt(area * aspect)), 1, height))
    wide = int(np.clip(round(np.sqrt(area / aspect)), 1, width))
    top = generator.integers(0, height - tall + 1)
    left = generator.integers(0, width - wide + 1)
    return slice(top, top + tall), slice(left, left + wide)


def rotate(images: Images, generator: np.random.Generator) -> Images:
    """By up to 15 degrees."""
    angles = np.radians(generator.uniform(-_DEGREES, _DEGREES, len(images)))
    sines, cosines = np.sin(angles), np.cos(angles)
    return _affine(images, np.stack([cosines, sines, -sines, cosines], axis=1))


def shear(images: Images, generator: np.random.Generator) -> Images:
    """Slant to the left or the right, by up to a fifth of the height."""
    slants = generator.uniform(-_SHEAR, _SHEAR, len(images))
    ones, zeros = np.ones(len(images)), np.zeros(len(images))
    return _affine(images, np.stack([ones, slants, zeros, ones], axis=1))


def zoom(images: Images, generator: np.random.Generator) -> Images:
    """In or out, by up to a fifth."""
    scales = generator.uniform(1 - _ZOOM, 1 + _ZOOM, len(images))
    zeros = np.zeros(len(images))
    return _affine(images, np.stack([scales, zeros, zeros, scales], axis=1))


def _affine(images: Images, matrices: NDArray[np.float64]) -> Images:
    """Each pixel (x, y) from (a·x + b·y, c·x + d·y), about the centre, bilinear."""
    _, height, width, channels = images.shape
    middle = np.array([width / 2, height / 2])
    moved = np.empty_like(images)
    for index, (a, b, c, d) in enumerate(matrices):
        x, y = middle - np.array([[a, b], [c, d]]) @ middle
        for channel in range(channels):
            plane = Image.fromarray(np.ascontiguousarray(images[index, ..., channel]))
            turned = plane.transform(
                (width, height),
                Image.Transform.AFFINE,
                (a, b, x, c, d, y),
                Image.Resampling.BILINEAR,
            )
            moved[index, ..., channel] = np.asarray(turned)
    return moved


def jitter(images: Images, generator: np.random.Generator) -> Images:
    """Change brightness, contrast and, of colours, saturation, in this order."""
    factors = generator.uniform(1 - _JITTER, 1 + _JITTER, (3, len(images), 1, 1, 1))
    brightness, contrast, saturation = factors.astype(np.float32)
    changed = np.clip(images * brightness, 0, 255)
    mean = changed.mean(axis=(1, 2, 3), keepdims=True)
    changed = np.clip(mean + (changed - mean) * contrast, 0, 255)
    if images.shape[3] == len(_LUMA):
        gray = (changed @ _LUMA)[..., np.newaxis]
        changed = np.clip(gray + (changed - gray) * saturation, 0, 255)
    return _as_bytes(changed)


def grayscale(images: Images, generator: np.random.Generator) -> Images:
    """Take the colours out of every tenth (BT.601 luma)."""
    chosen = generator.random(len(images)) < 0.1  # noqa: PLR2004 - a tenth
    changed: Images = images.copy()
    if images.shape[3] == len(_LUMA):
        changed[chosen] = _as_bytes(images[chosen] @ _LUMA)[..., np.newaxis]
    return changed


def _as_bytes(values: NDArray[np.floating]) -> Images:
    rounded: Images = np.rint(values).astype(np.uint8)
    return rounded


def erase(images: Images, generator: np.random.Generator) -> Images:
    """Put noise into a rectangle of every other one (Zhong et al. 2017, algorithm 1)."""
    _, height, width, _ = images.shape
    erased: Images = images.copy()
    for index in np.flatnonzero(generator.random(len(images)) < 0.5):  # noqa: PLR2004 - half of them
        where = _rectangle(generator, height, width, _ERASED_AREA, _ERASED_ASPECT)
        part = erased[index][where]
        part[...] = generator.integers(0, 256, part.shape, np.uint8)
    return erased


AUGMENTATIONS: Mapping[str, Augmentation] = {
    function.__name__: function
    for function in (
        *(flip, crop, shift, random_resized_crop, rotate, shear, zoom),
        *(jitter, grayscale, erase),
    )
}


def check_augmentations(names: Sequence[str]) -> None:
    """Raise UnknownNameError for a name that is none, UsageError for what comes after a mixer."""
    known = [*AUGMENTATIONS, *MIXERS]
    for name in names:
        if name not in known:
            raise UnknownNameError(
                f"unknown augmentation '{name}'.{did_you_mean(name, known)} "
                f"Known: {', '.join(known)}"
            )
    if any(name in MIXERS for name in names[:-1]):
        raise UsageError(
            f"{' and '.join(MIXERS)} mix images that are ready: name one of them, and last, "
            f"got {', '.join(names)}"
        )


def augment(
    images: Images, names: Sequence[str], generator: np.random.Generator
) -> tuple[Images, Mixture | None]:
    """One after the other, in the order in which they are named; how they were mixed, if so."""
    for name in names:
        if name in MIXERS:
            return MIXERS[name](images, generator)
        images = AUGMENTATIONS[name](images, generator)
    return images, None
