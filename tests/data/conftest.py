import numpy as np
import pytest

from benchsuite.contract import Dataset, Split


@pytest.fixture
def make_dataset():
    """A function that builds a data set of random 6×5 images, with so many of each class."""

    def make(counts=(30, 20, 10), *, channels=1, test_counts=(), name="noise"):
        generator = np.random.default_rng(7)

        def part(numbers):
            labels = generator.permutation(np.repeat(np.arange(len(numbers)), numbers))
            shape = (len(labels), 6, 5, channels)
            return Split(generator.integers(0, 256, shape, np.uint8), labels.astype(np.int64))

        names = tuple(f"class {index}" for index in range(len(counts)))
        return Dataset(name, part(counts), names, part(test_counts) if test_counts else None)

    return make
