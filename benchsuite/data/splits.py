"""Training, validation and test splits, drawn by the core: the same for every backend."""

from collections.abc import Callable
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
class SplitPart:
    """Some examples of a split of the data set: where they are in it."""

    source: Split
    index: NDArray[np.int64]

    @property
    def labels(self) -> NDArray[np.int64]:
        """(N,) int64."""
        return self.source.labels[self.index]


@dataclass(frozen=True, slots=True)
class Splits:
    """Three parts; their `positions` in the data set as a whole: train, then its own test split."""

    train: SplitPart
    validation: SplitPart
    test: SplitPart
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
    drawn = _Drawing(dataset.train.labels, generator, dataset.name)
    own, test, offset = drawn.some(limit), dataset.test, 0
    if fold is not None or test is None:
        own, taken = drawn.fold(own, fold) if fold else drawn.share(own, TEST_SHARE)
        tests = SplitPart(dataset.train, taken)
    else:
        chosen = _Drawing(test.labels, generator, dataset.name).some(limit)
        tests, offset = SplitPart(test, chosen), len(dataset.train.labels)
    train, validation = drawn.share(own, VALIDATION_SHARE)
    positions = {"train": train, "validation": validation, "test": offset + tests.index}
    return Splits(
        SplitPart(dataset.train, train), SplitPart(dataset.train, validation), tests, positions
    )


Positions = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Drawing:
    """What is drawn of one split of a data set, class by class; positions in it are sorted."""

    labels: NDArray[np.int64]
    generator: np.random.Generator
    name: str

    def some(self, limit: int | None) -> Positions:
        """All, or about `limit` in the classes' own shares, at least one of each."""
        everything = np.arange(len(self.labels))
        if limit is None or limit >= len(self.labels):
            return everything
        return self.share(everything, limit / len(self.labels))[1]

    def fold(self, pool: Positions, fold: Fold) -> tuple[Positions, Positions]:
        """Split `pool` into (rest, fold); the folds of one seed are disjoint."""

        def take(label: int, members: Positions) -> Positions:
            shuffled = self.generator.permutation(members)
            if len(members) < fold.count + 1:
                advice = f"{fold.count} folds and a validation split; choose fewer with --folds"
                raise self._too_few(label, members, f"for {advice}")
            return np.array_split(shuffled, fold.count)[fold.index]

        return self._by_class(pool, take)

    def share(self, pool: Positions, share: float) -> tuple[Positions, Positions]:
        """Split `pool` into (rest, taken), taking `share` of each class, at least one."""

        def take(label: int, members: Positions) -> Positions:
            count = max(1, round(share * len(members)))
            if count >= len(members):
                where = "to be in the training, validation and test splits; at least 3 are needed"
                raise self._too_few(label, members, where)
            return self.generator.permutation(members)[:count]

        return self._by_class(pool, take)

    def _by_class(
        self, pool: Positions, take: Callable[[int, Positions], Positions]
    ) -> tuple[Positions, Positions]:
        own = self.labels[pool]
        taken = [take(label, pool[own == label]) for label in np.unique(own)]
        chosen = np.sort(np.concatenate(taken))
        return np.setdiff1d(pool, chosen), chosen

    def _too_few(self, label: int, members: Positions, what: str) -> UsageError:
        count = len(members)
        return UsageError(
            f"data set '{self.name}': class {label} has {count} examples, too few {what}"
        )
