"""A part of a data set at the network's size, resized when first asked for."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchsuite.contract import EncodedImages, Images, RaggedImages, Split
from benchsuite.data.images.arrays import Extent, fit_images
from benchsuite.data.images.decoder_pool import few
from benchsuite.data.images.resized import resize_now, resized_once

#: Resized images are cached up to so many bytes, and made anew for every use beyond.
_CACHED_BYTES = 1 << 30
_CHUNK = 256
#: All images of an encoded source are resized where a part has at least one in so many of them.
_LEAST_SHARE = 20


class FittedImages:
    """Images at positions `index` of a source, as (N, H, W, C) uint8 by position.

    Those of the right size already are read where they are; others are resized once, or for
    every use where there is no room for them.
    """

    def __init__(self, split: Split, index: NDArray[np.int64], shape: Extent) -> None:
        self._originals = split.images
        self._source = _resized(split.images, len(index), shape)
        self._index = index
        self.shape = (len(index), *shape)
        self._fits = isinstance(self._source, np.ndarray) and self._source.shape[1:] == shape
        cached = not self._fits and np.prod(self.shape, dtype=np.int64) <= _CACHED_BYTES
        # `empty` takes no memory until it is written to
        self._resized = np.empty(self.shape, np.uint8) if cached else None
        self._done = np.zeros(len(index), bool)

    def __len__(self) -> int:
        return len(self._index)

    def __getitem__(self, positions: slice | NDArray[np.int64]) -> NDArray[np.uint8]:
        """A copy of the images there."""
        chosen = np.arange(len(self))[positions]
        if self._resized is None:
            return self._fitted(chosen)
        missing = np.unique(chosen[~self._done[chosen]])
        if missing.size:
            self._resized[missing] = self._fitted(missing)
            self._done[missing] = True
        return self._resized[chosen]

    def _fitted(self, positions: NDArray[np.int64]) -> NDArray[np.uint8]:
        height, width, channels = self.shape[1:]
        images = _at(self._source, self._index[positions])
        if isinstance(images, EncodedImages):
            return resize_now(images, (height, width, channels))
        return fit_images(images, (height, width, channels))

    def originals(self) -> Iterator[Images]:
        """The images as they came, in order, some at once."""
        for start in range(0, len(self), _CHUNK):
            yield _at(self._originals, self._index[start : start + _CHUNK])


def _resized(images: Images, count: int, shape: Extent) -> Images:
    """Encoded ones from disk at the size, where `count` of them are worth making all."""
    if isinstance(images, EncodedImages) and (
        few(images.spans) or count * _LEAST_SHARE >= len(images)
    ):
        resized = resized_once(images, shape)
        return images if resized is None else resized
    return images


def _at(images: Images, rows: NDArray[np.int64]) -> Images:
    if isinstance(images, EncodedImages):
        return images.take(rows)
    if isinstance(images, RaggedImages):
        return RaggedImages(tuple(images.arrays[row] for row in rows))
    return images[rows]


@dataclass(frozen=True, slots=True)
class FittedSplit:
    """images: (N, H, W, C) uint8, by position.  labels: (N,) int64."""

    images: FittedImages
    labels: NDArray[np.int64]


def fit_split(split: Split, index: NDArray[np.int64], shape: Extent) -> FittedSplit:
    """The examples at these positions, at the network's size."""
    return FittedSplit(FittedImages(split, index, shape), split.labels[index])
