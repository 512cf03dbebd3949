"""sha256 of data, splits and order: rows of a leaderboard compare only where they agree."""

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchsuite.contract import Dataset, EncodedImages, Images, RaggedImages
from benchsuite.data.batches.stream import epoch_order
from benchsuite.data.splits import Splits
from benchsuite.graph import Shape


def digest_arrays(*arrays: NDArray[Any]) -> str:
    """sha256 over the types, shapes and bytes of arrays, in order."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype.str}:{array.shape};".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def digest_image(image: NDArray[np.uint8]) -> bytes:
    """sha256 over the shape and the pixels of one image (h, w, c)."""
    digest = hashlib.sha256(f"{image.shape};".encode())
    digest.update(np.ascontiguousarray(image).data)
    return digest.digest()


def digest_data(dataset: Dataset, shape: Shape) -> str:
    """What networks are shown: a data set as it came, and the size (H, W, C) that it gets.

    Whatever the split: rows of several seeds or folds are of the same data. Equal pixels have
    equal digests, whether they came as an array, one by one, or encoded: each image has its own,
    which for encoded ones was taken when they were first read.
    """
    return hashlib.sha256(f"{digest_dataset(dataset)} {shape}".encode()).hexdigest()


def _each(images: Images) -> NDArray[np.uint8]:
    """(N, 32)."""
    if isinstance(images, EncodedImages):
        return images.digests
    arrays = images.arrays if isinstance(images, RaggedImages) else images
    return np.frombuffer(b"".join(map(digest_image, arrays)), np.uint8).reshape(-1, 32)


def digest_dataset(dataset: Dataset) -> str:
    """A whole data set as it came, before anything is chosen or fitted: images, labels, classes."""
    digest = hashlib.sha256("\n".join(dataset.class_names).encode())
    for part in (dataset.train, dataset.test):
        if part is not None:
            digest.update(digest_arrays(_each(part.images), part.labels).encode())
    return digest.hexdigest()


def digest_split(splits: Splits) -> str:
    """Which example is in which part."""
    return digest_arrays(*(splits.positions[name] for name in sorted(splits.positions)))


def digest_order(size: int, seed: int, epochs: int) -> str:
    """The order of the training examples over all epochs."""
    return digest_arrays(*(epoch_order(size, seed, epoch) for epoch in range(epochs)))
