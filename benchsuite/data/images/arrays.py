"""Images as arrays: size and channels, changed once and by the core alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchsuite.contract import RaggedImages
from benchsuite.errors import ShapeError

_GRAY, _COLOUR = 1, 3


def fit_images(
    images: NDArray[np.uint8] | RaggedImages, shape: tuple[int, int, int]
) -> NDArray[np.uint8]:
    """Resize (N, h, w, c), or images of various sizes, to (N, H, W, C).

    Bilinear with antialiasing, in uint8. Channels go from one to three by repetition, and
    from three to one by ITU-R 601 luma. Raises ShapeError for other changes of channels.
    """
    height, width, channels = shape
    if isinstance(images, RaggedImages):
        one_by_one = [fit_images(image[np.newaxis], shape) for image in images.arrays]
        return np.concatenate([np.empty((0, *shape), np.uint8), *one_by_one])
    fitted = _fit_channels(images, channels)
    if fitted.shape[1:3] == (height, width):
        return fitted
    resized = np.empty((len(fitted), height, width, channels), np.uint8)
    for index, image in enumerate(fitted):
        for channel in range(channels):
            plane = Image.fromarray(np.ascontiguousarray(image[..., channel]))
            scaled = plane.resize((width, height), Image.Resampling.BILINEAR)
            resized[index, ..., channel] = np.asarray(scaled)
    return resized


def _fit_channels(images: NDArray[np.uint8], channels: int) -> NDArray[np.uint8]:
    have = images.shape[3]
    if have == channels:
        return images
    if have == _GRAY:
        return np.repeat(images, channels, axis=3)
    if (have, channels) == (_COLOUR, _GRAY):
        luma = np.rint(images @ np.array([0.299, 0.587, 0.114]))
        gray: NDArray[np.uint8] = luma.astype(np.uint8)[..., np.newaxis]
        return gray
    raise ShapeError(f"images of {have} channels cannot be turned into {channels}: use 1 or 3")
