"""How much a figure of speed changed: the process is the replicate, whatever pairs it.

Rounds of one run pair: their ratios make the interval. Two runs do not: the processes of either
are a sample, and the machine of the one may have been faster than that of the other. The anchor
tells of that, by and large, so that every ratio is taken twice, of the figures and of the figures
in units of their process's anchor. What holds of both is held to be so: the anchor takes verdicts
away, and never makes one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from benchsuite.measure.statistics.estimates import CONFIDENCE, FEWEST_PROCESSES, Estimate
from benchsuite.measure.statistics.two_samples import Floats, Ratios, ratios_of
from benchsuite.measure.statistics.verdicts import MARGIN, MARGIN_BETWEEN_RUNS, compare_measurements
from benchsuite.records import Measurement
from benchsuite.report.comparison.change import Change

_NORMAL = NormalDist()


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
        least = MARGIN if self.same_run else MARGIN_BETWEEN_RUNS
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
    if not _are_positive(figures.first) or not _are_positive(figures.second):
        return None
    comparison = compare_measurements(figures.second, figures.first, figures.margin)
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
    return [
        Change(Estimate(value, low, high), p_value, one.margin, shown)
        for one, value, low, high, p_value in zip(
            figures,
            ratios.value.tolist(),
            ratios.low.tolist(),
            ratios.high.tolist(),
            ratios.p_value.tolist(),
            strict=True,
        )
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
    distance = abs(math.log(other / one)) / max(math.hypot(*errors), 1e-12)
    ratio = Estimate(other / one, second[0] / first[1], second[1] / first[0])
    return Change(ratio, 2 * _NORMAL.cdf(-distance), figures.margin, "two intervals")


def _ends(measurement: Measurement) -> tuple[float, float] | None:
    low, high = measurement.low, measurement.high
    return (low, high) if low and high and low > 0 else None
