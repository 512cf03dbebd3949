"""Training, validation and test splits, drawn by the core: the same for every backend."""

from __future__ import annotations

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
class Part:
    """Some examples of a split of the data set: where they are in it."""

    source: Split
    index: NDArray[np.int64]

    @property
    def labels(self) -> NDArray[np.int64]:
        """(N,) int64."""
        return self.source.labels[self.index]


@dataclass(frozen=True, slots=True)
class Splits:
    """The three parts of a data set, and where each example came from.

    positions: per part, in the data set as a whole (train first, then its own test split).
    """

    train: Part
    validation: Part
    test: Part
    positions: dict[str, NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class Fold:
    """One of `count` parts of equal size, by `index` from 0, that is the test split."""

    index: int
    count: int


def split(
    dataset: Dataset, seed: int, limit: int | None = None, fold: Fold | None = None
) -> Splits:
    """Draw stratified splits from (data set, seed), by NumPy alone.

    limit: images of each split that the data set is published with.
    fold: of the published training split; a test split of its own is then left alone.

    Raises UsageError where a class has too few examples to be in every part.
    """
    generator = np.random.default_rng([seed, _SPLIT_STREAM])
    labels, name = dataset.train.labels, dataset.name
    own = _some(labels, limit, generator, name)
    if fold is not None:
        own, taken = _folded(labels, own, fold, generator, name)
        test, offset = Part(dataset.train, taken), 0
    elif dataset.test is None:
        own, taken = _take(labels, own, TEST_SHARE, generator, name)
        test, offset = Part(dataset.train, taken), 0
    else:
        tests = _some(dataset.test.labels, limit, generator, name)
        test, offset = Part(dataset.test, tests), len(labels)
    train, validation = _take(labels, own, VALIDATION_SHARE, generator, name)
    positions = {"train": train, "validation": validation, "test": offset + test.index}
    return Splits(Part(dataset.train, train), Part(dataset.train, validation), test, positions)


def _some(
    labels: NDArray[np.int64], limit: int | None, generator: np.random.Generator, name: str
) -> NDArray[np.int64]:
    """Positions of all, or of about `limit` in the classes' own shares, at least one of each."""
    everything = np.arange(len(labels))
    if limit is None or limit >= len(labels):
        return everything
    return _take(labels, everything, limit / len(labels), generator, name)[1]


def _folded(
    labels: NDArray[np.int64],
    pool: NDArray[np.int64],
    fold: Fold,
    generator: np.random.Generator,
    name: str,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split `pool` into (rest, fold), class by class; the folds of one seed are disjoint."""
    taken: list[NDArray[np.int64]] = []
    for label in np.unique(labels[pool]):
        members = generator.permutation(pool[labels[pool] == label])
        if len(members) < fold.count + 1:
            raise UsageError(
                f"data set '{name}': class {label} has {len(members)} examples, too few for "
                f"{fold.count} folds and a validation split; choose fewer with --folds"
            )
        taken.append(np.array_split(members, fold.count)[fold.index])
    chosen = np.sort(np.concatenate(taken))
    return np.setdiff1d(pool, chosen), chosen


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
