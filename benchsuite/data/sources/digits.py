"""The embedded data set: UCI's handwritten digits, as scikit-learn ships them."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits as sklearn_digits

from benchsuite.contract import Dataset, Split

#: The source counts dark pixels of a 4×4 cell, so its values run from 0 to 16.
_LARGEST_VALUE = 16


def load_digits() -> Dataset:
    """1,797 images of 8×8×1 in ten classes (Alpaydin and Kaynak 1998)."""
    source = sklearn_digits()
    images = np.rint(source.images * (255 / _LARGEST_VALUE)).astype(np.uint8)[..., np.newaxis]
    names = tuple(str(name) for name in source.target_names)
    return Dataset("digits", Split(images, source.target.astype(np.int64)), names)
