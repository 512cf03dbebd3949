"""What a data set's plugin offers: arrays, and nothing about order or splits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Split:
    """images: (N, H, W, C) uint8.  labels: (N,) int64."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Dataset:
    """A labelled set of images. A target's path leads to a function that returns one.

    Where a data set is published with a test split, `test` holds it; elsewhere the core
    draws one from `train`.
    """

    name: str
    train: Split
    class_names: tuple[str, ...]
    test: Split | None = None
