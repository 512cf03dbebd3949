"""Batches: made by the core, in an order that depends on (seed, epoch) alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from benchsuite.contract import Batch, Normalizer, Split
from benchsuite.errors import UsageError

#: Keeps the streams of random numbers of splits and of batches apart.
_ORDER_STREAM = 2


def epoch_order(size: int, seed: int, epoch: int) -> NDArray[np.int64]:
    """A full permutation of the training split, (size,)."""
    return np.random.default_rng([seed, _ORDER_STREAM, epoch]).permutation(size)


def training_batches(split: Split, batch_size: int, seed: int, epoch: int) -> Iterator[Batch]:
    """Batches of uint8 images in the epoch's order; the incomplete last one is left out.

    Shapes stay fixed, as compiled training steps need; every example is seen over the
    epochs, since each has its own order. Raises UsageError for a batch larger than the split.
    """
    if batch_size > len(split.labels):
        raise UsageError(
            f"a batch of {batch_size} is larger than the training split, which has "
            f"{len(split.labels)} images: choose a smaller --batch-size"
        )
    order = epoch_order(len(split.labels), seed, epoch)
    for start in range(0, len(order) - batch_size + 1, batch_size):
        index = order[start : start + batch_size]
        yield Batch(split.images[index], split.labels[index])


def fit_normalizer(split: Split) -> Normalizer:
    """The normaliser that gives each channel of this split mean zero and variance one."""
    pixels = split.images.reshape(-1, split.images.shape[3])
    mean = pixels.mean(axis=0, dtype=np.float64)
    std = np.maximum(pixels.std(axis=0, dtype=np.float64), 1.0)
    scale = tuple(float(x) for x in 1.0 / std)
    shift = tuple(float(x) for x in -mean / std)
    return Normalizer(scale, shift)


def normalize(images: NDArray[np.uint8], normalizer: Normalizer) -> NDArray[np.float32]:
    """Apply a normaliser on the host: (N, H, W, C) uint8 -> float32."""
    scale = np.asarray(normalizer.scale, np.float32)
    shift = np.asarray(normalizer.shift, np.float32)
    return images.astype(np.float32) * scale + shift
