"""How much a figure of quality changed: by the same images, by the size of the split, by seeds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchsuite.measure.statistics.proportions import (
    Difference,
    mean_difference,
    paired_difference,
    unpaired_difference,
)
from benchsuite.measure.statistics.verdicts import MARGIN_OF_FRACTIONS
from benchsuite.metrics.quality import TOP1
from benchsuite.records.predictions import read_predictions
from benchsuite.report.columns.column import Column
from benchsuite.report.columns.columns import column_of
from benchsuite.report.comparison.change import Change
from benchsuite.report.comparison.pairing import Pair
from benchsuite.report.comparison.rows import RecordRow, Row, number_in

_TOP1 = column_of(TOP1)


def quality_change(pair: Pair, column: Column, first: float, second: float) -> Change:
    """What changed in a figure of quality of one pair.

    Raises UsageError where a file of predictions is none of ours.
    """
    if column.name == _TOP1.name and (right := _recognised(pair)):
        how = f"McNemar, bootstrap of {len(right[0]):,} paired images"
        return _change(paired_difference(*right), how)
    images = min(_images(pair.first, column), _images(pair.second, column))
    if not column.name.endswith("_fraction") or not images:
        return Change(None, None, MARGIN_OF_FRACTIONS, "one value each, without an interval")
    return _change(unpaired_difference(first, second, images), f"Newcombe, {images:,} images each")


def mean_change(column: Column, pairs: Sequence[Pair]) -> Change:
    """The mean change over pairs that differ in seed or fold alone, two or more."""
    differences = [number_in(pair.second, column) - number_in(pair.first, column) for pair in pairs]
    images = min(_images(row, column) for pair in pairs for row in (pair.first, pair.second))
    of_share = column.name.endswith("_fraction") and images
    found = mean_difference(differences, 1 / images if of_share else 0.0)
    return _change(found, f"t-test of {len(pairs)} paired seeds")


def _change(found: Difference, how: str) -> Change:
    return Change(found.estimate, found.p_value, MARGIN_OF_FRACTIONS, how)


def _images(row: Row, column: Column) -> int:
    """In the split that the figure is of; 0 where a CSV does not say."""
    if not isinstance(row, RecordRow) or row.record.findings.training is None:
        return 0
    return row.record.findings.training.split_sizes.get(column.name.partition("_")[0], 0)


def _recognised(pair: Pair) -> tuple[NDArray[np.bool_], NDArray[np.bool_]] | None:
    """Of each image, whether either side recognises it; None without both files of predictions."""
    rows = (pair.first, pair.second)
    files = [row.stored.predictions for row in rows if isinstance(row, RecordRow)]
    if len(files) < len(rows) or not all(file.exists() for file in files):
        return None
    one, other = map(read_predictions, files)
    if not np.array_equal(one.positions, other.positions):
        return None
    return one.predicted == one.labels, other.predicted == other.labels
