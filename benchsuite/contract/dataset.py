"""What a data set's plugin offers: images and labels, and nothing about order or splits."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray


# `eq=False`: of arrays, `==` is an array and no answer.
@dataclass(frozen=True, slots=True, eq=False)
class RaggedImages:
    """Images of various sizes, each (h, w, c) uint8 with one channel or three."""

    arrays: tuple[NDArray[np.uint8], ...]

    def __len__(self) -> int:
        return len(self.arrays)


@dataclass(frozen=True, slots=True, eq=False)
class EncodedImages:
    """Images as they lie in files, for sets that memory does not hold: where, not the pixels.

    The core makes it of the folders and Parquet files that it reads, and decodes some of them
    whenever they are asked for. Pickles small, where few are taken.

    paths: (N,) bytes, absolute.  spans: (N, 2) int64, where in its file each begins and how many
        bytes it has.
    digests: (N, 32) uint8, sha256 of each image's pixels.
    channels: of all: gray images become RGB where it is three.
    cache_stem: how the paths begin under which the core caches what it makes of all of them.
    """

    paths: NDArray[np.bytes_]
    spans: NDArray[np.int64]
    digests: NDArray[np.uint8]
    channels: int
    cache_stem: str

    def __len__(self) -> int:
        return len(self.paths)

    def take(self, rows: NDArray[np.int64]) -> EncodedImages:
        """Those at these rows, in this order."""
        return replace(
            self, paths=self.paths[rows], spans=self.spans[rows], digests=self.digests[rows]
        )


Images = NDArray[np.uint8] | RaggedImages | EncodedImages


@dataclass(frozen=True, slots=True)
class Split:
    """images: (N, H, W, C) uint8, or of various sizes, or encoded.  labels: (N,) int64."""

    images: Images
    labels: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Dataset:
    """A labelled set of images. A target's path leads to a function that returns one.

    Where a data set is published with a test split, `test` holds it; elsewhere the core
    draws one from `train`.
    problems: what could not be read and is not in it, one line each, naming the file. The
        core stops there, unless the user said to go on without.
    """

    name: str
    train: Split
    class_names: tuple[str, ...]
    test: Split | None = None
    problems: tuple[str, ...] = ()
