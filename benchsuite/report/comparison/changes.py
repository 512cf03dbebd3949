"""How much a figure changed.

Of quality: by the same images, by the size of the split, by seeds.

Of speed: the process is the replicate, whatever pairs it.

Rounds of one run pair: their ratios make the interval. Two runs do not: the processes of either
are a sample, and the machine of the one may have been faster than that of the other. The anchor
tells of that, by and large, so that every ratio is taken twice, of the figures and of the figures
in units of their process's anchor. What holds of both is held to be so: the anchor takes verdicts
away, and never makes one.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from benchsuite.measure.statistics import verdicts
from benchsuite.measure.statistics.estimates import CONFIDENCE, FEWEST_PROCESSES, Estimate
from benchsuite.measure.statistics.proportions import (
    Difference,
    mean_difference,
    paired_difference,
    unpaired_difference,
)
from benchsuite.measure.statistics.two_samples import Floats, Ratios, ratios_of
from benchsuite.metrics.declared import TOP1
from benchsuite.records import Measurement
from benchsuite.records.predictions import read_predictions
from benchsuite.report.columns.column import Column
from benchsuite.report.columns.columns import column_of
from benchsuite.report.comparison.change import Change
from benchsuite.report.comparison.pairing import Pair
from benchsuite.report.comparison.rows import RecordRow, Row, number_in

_NORMAL = NormalDist()
_TOP1 = column_of(TOP1)


@dataclass(frozen=True, slots=True)
class Figures:
    """One figure of two rows, and the anchors of their processes where they are known."""

    first: Measurement
    second: Measurement
    first_anchor: Measurement | None = None
    second_anchor: Measurement | None = None
    same_run: bool = False

    @property
    def margin(self) -> float:
        """What counts between such rows, or what their machine can see at all."""
        least = verdicts.MARGIN if self.same_run else verdicts.MARGIN_BETWEEN_RUNS
        return max(least, self.first.margin or 0.0, self.second.margin or 0.0)


def speed_changes(figures: Sequence[Figures]) -> list[Change]:
    """What changed in each, in order; all that have as many processes are computed at once."""
    found = [_in_turns(one) if one.same_run else None for one in figures]
    batches: dict[tuple[int, ...], list[int]] = {}
    for index, one in enumerate(figures):
        if found[index] is None:
            batches.setdefault(_shape(one), []).append(index)
    for shape, members in batches.items():
        chosen = [figures[index] for index in members]
        changes = _between(chosen, anchored=shape[2] > 0) if shape else map(_of_intervals, chosen)
        for index, change in zip(members, changes, strict=True):
            found[index] = change
    return [change for change in found if change is not None]


def _in_turns(figures: Figures) -> Change | None:
    """By the rounds that both took part in; None where these are too few, or a figure is zero."""
    # A probe may count nothing, and to zero there is no ratio.
    if not _are_positive(figures.first) or not _are_positive(figures.second):
        return None
    comparison = verdicts.compare_measurements(figures.second, figures.first, figures.margin)
    if comparison is None:
        return None
    rounds = len({*figures.first.rounds} & {*figures.second.rounds})
    how = f"{rounds} paired rounds"
    return Change(comparison.ratio, comparison.p_value, figures.margin, how)


def _shape(figures: Figures) -> tuple[int, ...]:
    """How many processes either side has, and whether all have an anchor; empty where too few."""
    sides = (figures.first, figures.second)
    counts = [len(side.values) for side in sides]
    if min(counts) < FEWEST_PROCESSES or not all(map(_are_positive, sides)):
        return ()
    anchors = (figures.first_anchor, figures.second_anchor)
    anchored = all(
        anchor is not None and anchor.rounds == side.rounds
        for anchor, side in zip(anchors, sides, strict=True)
    )
    return (*counts, int(anchored))


def _are_positive(measurement: Measurement) -> bool:
    return all(value > 0 for value in measurement.values)


def _between(figures: Sequence[Figures], *, anchored: bool) -> list[Change]:
    first, second = (_processes([getattr(f, s) for f in figures]) for s in ("first", "second"))
    ratios, how = ratios_of(first, second), "{} and {} processes"
    if anchored:
        slower = np.array([[1 if f.first.better == "lower" else -1] for f in figures])
        one = first / _processes([f.first_anchor for f in figures]) ** slower
        other = second / _processes([f.second_anchor for f in figures]) ** slower
        ratios, how = _cautious(ratios, ratios_of(one, other)), f"{how}, with their anchors"
    shown = how.format(first.shape[1], second.shape[1])
    parts = [p.tolist() for p in (ratios.value, ratios.low, ratios.high, ratios.p_value)]
    return [
        Change(Estimate(value, low, high), p_value, one.margin, shown)
        for one, value, low, high, p_value in zip(figures, *parts, strict=True)
    ]


def _processes(measurements: Sequence[Measurement | None]) -> Floats:
    """One value a process, (K, N)."""
    return np.array([m.values for m in measurements if m is not None])


def _cautious(one: Ratios, other: Ratios) -> Ratios:
    """The ratio that is nearer to 1, an interval that holds both, and the larger p-value."""
    nearer = np.abs(np.log(one.value)) <= np.abs(np.log(other.value))
    return Ratios(
        np.where(nearer, one.value, other.value),
        np.minimum(one.low, other.low),
        np.maximum(one.high, other.high),
        np.maximum(one.p_value, other.p_value),
    )


def _of_intervals(figures: Figures) -> Change:
    """From two figures and the ends of their intervals, where nothing else is known.

    The ratio lies between those of opposite ends: with more confidence than either figure. The
    p-value is that of two lognormal medians with such intervals.
    """
    first, second = _ends(figures.first), _ends(figures.second)
    one, other = figures.first.value, figures.second.value
    if not one or not other or first is None or second is None:
        processes = min(len(figures.first.values), len(figures.second.values))
        few = f", {processes} process{'' if processes == 1 else 'es'}" if processes else ""
        return Change(None, None, figures.margin, f"no interval{few}")
    errors = (
        math.log(high / low) / (2 * _NORMAL.inv_cdf((1 + CONFIDENCE) / 2))
        for low, high in (first, second)
    )
    # An interval of no width would divide by zero.
    distance = abs(math.log(other / one)) / max(math.hypot(*errors), 1e-12)
    ratio = Estimate(other / one, second[0] / first[1], second[1] / first[0])
    return Change(ratio, 2 * _NORMAL.cdf(-distance), figures.margin, "two intervals")


def _ends(measurement: Measurement) -> tuple[float, float] | None:
    low, high = measurement.low, measurement.high
    return (low, high) if low and high and low > 0 else None


def quality_change(pair: Pair, column: Column, first: float, second: float) -> Change:
    """What changed in a figure of quality. Raises UsageError where predictions are none of ours."""
    if column.name == _TOP1.name and (right := _recognised(pair)):
        how = f"McNemar, bootstrap of {len(right[0]):,} paired images"
        return _of_difference(paired_difference(*right), how)
    images = min(_images(pair.first, column), _images(pair.second, column))
    if not column.name.endswith("_fraction") or not images:
        how = "one value each, without an interval"
        return Change(None, None, verdicts.MARGIN_OF_FRACTIONS, how)
    found = unpaired_difference(first, second, images)
    return _of_difference(found, f"Newcombe, {images:,} images each")


def mean_change(column: Column, pairs: Sequence[Pair]) -> Change:
    """The mean change over pairs that differ in seed or fold alone, two or more."""
    differences = [number_in(pair.second, column) - number_in(pair.first, column) for pair in pairs]
    images = min(_images(row, column) for pair in pairs for row in (pair.first, pair.second))
    of_share = column.name.endswith("_fraction") and images
    # Few seeds may happen to agree: their spread is taken for one image at least.
    found = mean_difference(differences, 1 / images if of_share else 0.0)
    return _of_difference(found, f"t-test of {len(pairs)} paired seeds")


def _of_difference(found: Difference, how: str) -> Change:
    return Change(found.estimate, found.p_value, verdicts.MARGIN_OF_FRACTIONS, how)


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
    # Other images do not pair, however many they are.
    if not np.array_equal(one.positions, other.positions):
        return None
    return one.predicted == one.labels, other.predicted == other.labels
