"""Training, validation and test splits, drawn by the core: the same for every backend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchsuite.contract import Dataset, Split
from benchsuite.errors import UsageError

#: Shares of a data set without a test split of its own; validation is drawn likewise.
TEST_SHARE = 0.2
VALIDATION_SHARE = 0.1

#: Keeps the streams of random numbers of splits and of batches apart.
_SPLIT_STREAM = 1


@dataclass(frozen=True, slots=True)
class Splits:
    """The three parts of a data set, and where each example came from.

    indices: per part, positions in the data set (train first, then its own test split).
    """

    train: Split
    validation: Split
    test: Split
    indices: dict[str, NDArray[np.int64]]


def split(dataset: Dataset, seed: int) -> Splits:
    """Draw stratified splits from (data set, seed), by NumPy alone.

    Raises UsageError where a class has too few examples to be in every part.
    """
    generator = np.random.default_rng([seed, _SPLIT_STREAM])
    own = np.arange(len(dataset.train.labels))
    if dataset.test is None:
        own, test = _take(dataset.train.labels, own, TEST_SHARE, generator, dataset.name)
        test_part, test_index = _at(dataset.train, test), test
    else:
        test_part = dataset.test
        test_index = len(own) + np.arange(len(dataset.test.labels))
    train, validation = _take(dataset.train.labels, own, VALIDATION_SHARE, generator, dataset.name)
    indices = {"train": train, "validation": validation, "test": test_index}
    return Splits(_at(dataset.train, train), _at(dataset.train, validation), test_part, indices)


def _take(
    labels: NDArray[np.int64],
    pool: NDArray[np.int64],
    share: float,
    generator: np.random.Generator,
    name: str,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split `pool` into (rest, taken), taking `share` of each class, at least one."""
    taken: list[NDArray[np.int64]] = []
    for label in np.unique(labels[pool]):
        members = pool[labels[pool] == label]
        count = max(1, round(share * len(members)))
        if count >= len(members):
            raise UsageError(
                f"data set '{name}': class {label} has {len(members)} examples, too few to be "
                "in the training, validation and test splits; at least 3 are needed"
            )
        taken.append(generator.permutation(members)[:count])
    chosen = np.sort(np.concatenate(taken))
    return np.setdiff1d(pool, chosen), chosen


def _at(source: Split, index: Sequence[int] | NDArray[np.int64]) -> Split:
    return Split(source.images[index], source.labels[index])
