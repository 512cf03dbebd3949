"""sha256 of data, splits and order: rows of a leaderboard compare only where they agree."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchsuite.contract import Split
from benchsuite.data.batches import epoch_order
from benchsuite.data.splits import Splits


def digest_arrays(*arrays: NDArray[Any]) -> str:
    """sha256 over the types, shapes and bytes of arrays, in order."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype.str}:{array.shape};".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def digest_data(*parts: Split) -> str:
    """What the network is shown: images as resized by the core, and labels."""
    return digest_arrays(*(array for part in parts for array in (part.images, part.labels)))


def digest_split(splits: Splits) -> str:
    """Which example is in which part."""
    return digest_arrays(*(splits.indices[name] for name in sorted(splits.indices)))


def digest_order(size: int, seed: int, epochs: int) -> str:
    """The order of the training examples over all epochs."""
    return digest_arrays(*(epoch_order(size, seed, epoch) for epoch in range(epochs)))
