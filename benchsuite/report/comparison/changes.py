"""How much a figure changed.

Of quality: by the same images, by the size of the split, by seeds.

Of speed: the process is the replicate, whatever pairs it.

Rounds of one run pair: their ratios make the interval. Two runs do not: the processes of either
are a sample, and the machine of the one may have been faster than that of the other. The anchor
tells of that, by and large, so that every ratio is taken three times: of the figures, of the
figures in units of their process's anchor, and as if the figures had changed twice as much as the
anchor. What holds of all is held to be so: the anchor takes verdicts away, and never makes one.
Without it, nothing tells a machine from a network, and there is no verdict.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchsuite.measure.statistics import verdicts
from benchsuite.measure.statistics.estimates import FEWEST_PROCESSES, Estimate
from benchsuite.measure.statistics.proportions import (
    Difference,
    mean_difference,
    paired_difference,
    unpaired_difference,
)
from benchsuite.measure.statistics.two_samples import Ratios, ratios_of
from benchsuite.metrics.declared import TOP1
from benchsuite.records import Measurement
from benchsuite.records.predictions import read_predictions
from benchsuite.report.columns.column import Column
from benchsuite.report.columns.columns import column_of
from benchsuite.report.comparison.change import Change
from benchsuite.report.comparison.pairing import Pair
from benchsuite.report.comparison.rows import RecordRow, Row, number_in

#: By so much a machine is another one from run to run that its anchor does not show: a standard
#: deviation of 1.4 % in either run.
_UNSEEN = 0.02
_NO_ANCHOR = "without an anchor, which would tell a slower machine"
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
    return Change(comparison.ratio, comparison.p_value, figures.margin, how, comparison.flag)


def _shape(figures: Figures) -> tuple[int, ...]:
    """How many processes either side has, and whether all have an anchor; empty where too few."""
    sides = (figures.first, figures.second)
    counts = [len(side.values) for side in sides]
    if min(counts) < FEWEST_PROCESSES or not all(map(_are_positive, sides)):
        return ()
    anchored = [len(one) for one in _anchors(figures)] == counts
    return (*counts, int(anchored))


def _anchors(figures: Figures) -> Iterator[list[float]]:
    """Of either side, the anchor of each process that has one, in the order of its values."""
    for side, anchor in (
        (figures.first, figures.first_anchor),
        (figures.second, figures.second_anchor),
    ):
        known = dict(zip(anchor.rounds, anchor.values, strict=True)) if anchor else {}
        yield [known[number] for number in side.rounds if number in known]


def _are_positive(measurement: Measurement) -> bool:
    return all(value > 0 for value in measurement.values)


def _between(figures: Sequence[Figures], *, anchored: bool) -> list[Change]:
    first, second = (np.array([getattr(f, s).values for f in figures]) for s in ("first", "second"))
    ratios = ratios_of(first, second, _UNSEEN)
    how = f"{first.shape[1]} and {second.shape[1]} processes"
    if anchored:
        slower = np.array([[1 if f.first.better == "lower" else -1] for f in figures])
        anchors = zip(*map(_anchors, figures), strict=True)
        one, other = (np.array(side) ** slower for side in anchors)
        machine = np.exp(np.log(other).mean(axis=1) - np.log(one).mean(axis=1))
        steady = ratios_of(first / one, second / other, _UNSEEN)
        twice = ratios_of(first / one, second / other / machine[:, None], _UNSEEN)
        ratios, how = _cautious(ratios, steady, twice), f"{how}, with their anchors"
    else:
        how = f"{how}, {_NO_ANCHOR}"
    parts = [p.tolist() for p in (ratios.value, ratios.low, ratios.high, ratios.p_value)]
    return [
        Change(Estimate(value, low, high), p_value if anchored else None, one.margin, how)
        for one, value, low, high, p_value in zip(figures, *parts, strict=True)
    ]


def _cautious(*found: Ratios) -> Ratios:
    """The ratio that is nearest to 1, an interval that holds all, and the largest p-value."""
    values = np.array([one.value for one in found])
    nearest = np.abs(np.log(values)).argmin(axis=0)
    return Ratios(
        np.take_along_axis(values, nearest[None], axis=0)[0],
        np.min([one.low for one in found], axis=0),
        np.max([one.high for one in found], axis=0),
        np.max([one.p_value for one in found], axis=0),
    )


def _of_intervals(figures: Figures) -> Change:
    """From two figures and the ends of their intervals, where nothing else is known.

    The ratio lies between those of opposite ends: with more confidence than either figure. A file
    of intervals has no anchor: no verdict.
    """
    first, second = _ends(figures.first), _ends(figures.second)
    one, other = figures.first.value, figures.second.value
    if not one or not other or first is None or second is None:
        processes = min(len(figures.first.values), len(figures.second.values))
        few = f", {processes} process{'' if processes == 1 else 'es'}" if processes else ""
        return Change(None, None, figures.margin, f"no interval{few}")
    ratio = Estimate(other / one, second[0] / first[1], second[1] / first[0])
    return Change(ratio, None, figures.margin, f"two intervals, {_NO_ANCHOR}")


def _ends(measurement: Measurement) -> tuple[float, float] | None:
    low, high = measurement.low, measurement.high
    return (low, high) if low and high and low > 0 else None


def quality_change(pair: Pair, column: Column, first: float, second: float) -> Change:
    """What changed in a figure of quality. Raises UsageError where predictions are none of ours.

    Images tell one trained network from another, and nothing of what another seed would train.
    """
    if column.name == _TOP1.name and (right := _recognised(pair)):
        how = f"McNemar, bootstrap of {len(right[0]):,} paired images"
        return _of_difference(paired_difference(*right), how, of_seed=True)
    images = min(_images(pair.first, column), _images(pair.second, column))
    if not column.name.endswith("_fraction") or not images:
        how = "one value each, without an interval"
        return Change(None, None, verdicts.MARGIN_OF_FRACTIONS, how)
    found = unpaired_difference(first, second, images)
    return _of_difference(found, f"Newcombe, {images:,} images each", of_seed=True)


def mean_change(column: Column, pairs: Sequence[Pair]) -> Change:
    """The mean change over pairs that differ in seed or fold alone, two or more."""
    differences = [number_in(pair.second, column) - number_in(pair.first, column) for pair in pairs]
    images = min(_images(row, column) for pair in pairs for row in (pair.first, pair.second))
    of_share = column.name.endswith("_fraction") and images
    # Few seeds may happen to agree: their spread is taken for one image at least.
    found = mean_difference(differences, 1 / images if of_share else 0.0)
    return _of_difference(found, f"t-test of {len(pairs)} paired seeds")


def _of_difference(found: Difference, how: str, *, of_seed: bool = False) -> Change:
    margin = verdicts.MARGIN_OF_FRACTIONS
    return Change(found.estimate, found.p_value, margin, how, of_seed=of_seed)


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
