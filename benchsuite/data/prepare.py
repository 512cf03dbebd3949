"""From a data set to what one network trains on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchsuite.contract import Dataset, Normalizer, Split
from benchsuite.data.batches import fit_normalizer
from benchsuite.data.digests import digest_data, digest_split
from benchsuite.data.images import fit_images
from benchsuite.data.splits import split
from benchsuite.errors import UsageError


@dataclass(frozen=True, slots=True)
class PreparedData:
    """Splits at the network's input size, their normaliser and their digests."""

    train: Split
    validation: Split
    test: Split
    normalizer: Normalizer
    data_digest: str
    split_digest: str


def prepare(dataset: Dataset, shape: tuple[int, int, int], seed: int) -> PreparedData:
    """Split a data set and fit its images to (H, W, C).

    The normaliser comes from the training split alone. Raises UsageError where labels do
    not fit the classes or a class is too small to be split.
    """
    _check_labels(dataset)
    splits = split(dataset, seed)
    train, validation, test = (
        Split(fit_images(part.images, shape), part.labels)
        for part in (splits.train, splits.validation, splits.test)
    )
    return PreparedData(
        train,
        validation,
        test,
        fit_normalizer(train),
        digest_data(train, validation, test),
        digest_split(splits),
    )


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
