"""From what a user asks for to a data set, and from that to what one network trains on."""

import os
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchsuite.contract import Dataset, Normalizer
from benchsuite.data.batches.fitted import FittedSplit, fit_split
from benchsuite.data.batches.stream import fit_normalizer
from benchsuite.data.digests import digest_data, digest_split
from benchsuite.data.splits import Fold, split
from benchsuite.errors import UsageError
from benchsuite.hooks import Registry

#: Problems that an error names; it counts the rest.
_NAMED = 5


@dataclass(frozen=True, slots=True)
class PreparedData:
    """Splits at the network's size; `test_positions` are those in the data set as a whole."""

    train: FittedSplit
    validation: FittedSplit
    test: FittedSplit
    normalizer: Normalizer
    data_digest: str
    split_digest: str
    test_positions: NDArray[np.int64]


def prepare(
    dataset: Dataset,
    shape: tuple[int, int, int],
    seed: int,
    limit: int | None = None,
    fold: Fold | None = None,
) -> PreparedData:
    """Split a data set as `split` does, and fit it to (H, W, C).

    The normaliser comes from the training split alone. Raises UsageError where labels do
    not fit the classes or a class is too small to be split.
    """
    _check_labels(dataset)
    splits = split(dataset, seed, limit, fold)
    drawn = (splits.train, splits.validation, splits.test)
    train, validation, test = (fit_split(part.source, part.index, shape) for part in drawn)
    normalizer = fit_normalizer(train)
    digests = (digest_data(dataset, shape), digest_split(splits))
    return PreparedData(train, validation, test, normalizer, *digests, splits.positions["test"])


def check_splits(
    dataset: Dataset, seeds: Iterable[int], limit: int | None, folds: int | None = None
) -> None:
    """Raise what `prepare` would raise, before anything is trained."""
    _check_labels(dataset)
    for seed in seeds:
        split(dataset, seed, limit, Fold(0, folds) if folds else None)


def _check_labels(dataset: Dataset) -> None:
    classes = len(dataset.class_names)
    for part in (dataset.train, dataset.test):
        if part is None:
            continue
        if len(part.images) != len(part.labels):
            raise UsageError(
                f"data set '{dataset.name}' has {len(part.images)} images "
                f"but {len(part.labels)} labels"
            )
        wrong = np.flatnonzero((part.labels < 0) | (part.labels >= classes))
        if wrong.size:
            raise UsageError(
                f"data set '{dataset.name}' has {classes} classes, but example {wrong[0]} "
                f"has the label {part.labels[wrong[0]]}: labels run from 0 to {classes - 1}"
            )


def load_source(asked: str, datasets: Registry, *, skip_bad: bool = False) -> Dataset:
    """Load it, downloading what is not there yet.

    skip_bad: go on without the images that cannot be read.

    Raises as `Registry.find` does, MissingDependencyError, and UsageError where files are
    missing or broken, naming them.
    """
    entry, argument = datasets.find(asked)
    # A record says `~` for the home folder, which a shell leaves behind a colon.
    dataset: Dataset = entry.load()(*map(os.path.expanduser, argument))
    if dataset.problems and not skip_bad:
        named = "; ".join(dataset.problems[:_NAMED])
        more = len(dataset.problems) - _NAMED
        raise UsageError(
            f"data set '{asked}' has {len(dataset.problems)} images that cannot be used: {named}"
            f"{f'; and {more} more' if more > 0 else ''}: mend or remove them, or leave them out "
            "with --bad-images skip"
        )
    return dataset
