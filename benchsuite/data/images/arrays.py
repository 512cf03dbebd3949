"""Images as arrays, and files of them: size and channels are changed by the core alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchsuite.contract import RaggedImages
from benchsuite.errors import ShapeError

Extent = tuple[int, int, int]

_GRAY, _COLOUR = 1, 3


def fit_images(images: NDArray[np.uint8] | RaggedImages, shape: Extent) -> NDArray[np.uint8]:
    """Resize (N, h, w, c), or images of various sizes, to (N, H, W, C).

    Bilinear with antialiasing, in uint8. Channels go from one to three by repetition, and
    from three to one by ITU-R 601 luma. Raises ShapeError for other changes of channels.
    """
    height, width, channels = shape
    if isinstance(images, RaggedImages):
        one_by_one = [fit_images(image[np.newaxis], shape) for image in images.arrays]
        # An empty one first: of no images, nothing could be concatenated.
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


@dataclass(frozen=True, slots=True)
class RowFile:
    """An .npy file of images (H, W, C), uint8, that several processes fill, each its own rows.

    Written as a file, and not as mapped memory: a full disk is then an error and no crash.
    """

    path: Path
    shape: Extent
    begin: int

    @classmethod
    def create(cls, path: Path, count: int, shape: Extent) -> RowFile:
        """One of (N, H, W, C) zeros, which takes no room until it is written to."""
        array = np.lib.format.open_memmap(path, "w+", np.uint8, (count, *shape))
        return cls(path, shape, array.offset)

    def write(self, row: int, image: NDArray[np.uint8]) -> None:
        """Put one image (H, W, C) there."""
        with self.path.open("r+b") as file:
            file.seek(self.begin + row * image.nbytes)
            file.write(np.ascontiguousarray(image).data)
