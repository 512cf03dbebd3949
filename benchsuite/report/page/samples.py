"""Raw samples for the page: quantiles of all of them, and as many as a page can carry."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from benchsuite.contract.quantity import Scale
from benchsuite.measure.statistics.estimates import pooled_quantiles
from benchsuite.metrics import CONTESTED, METRICS
from benchsuite.records.series import Series

#: Shares of all samples of which a page holds the quantile.
PROBABILITIES = (0.0, 0.01, *(step / 40 for step in range(2, 39)), 0.99, 1.0)
_MOST_POINTS, _FEWEST_POINTS, _POINTS_OF_A_PAGE = 2_000, 40, 100_000
_NS_PER_S = 1e9
_OF_NS = Scale("ms", 1e-6)


@dataclass(frozen=True, slots=True, eq=False)
class SampledFigure:
    """One figure of one batch size, as all processes of a case sampled it.

    series: one a process, in the order taken; those that were discarded are left out.
    total: samples of all of them.
    quantiles_s: of all samples, at `PROBABILITIES`, each process with the same weight.
    rounds, shown: some of the samples, evenly taken, and for each the round that its process was
        of and how far in it came: 2.5 is half-way through round 2.
    scale: from the samples to the unit in which people see them.
    """

    metric: str
    batch_size: int
    series: Sequence[Series]
    total: int
    quantiles_s: Sequence[float]
    rounds: Sequence[float]
    shown: Sequence[float]
    scale: Scale

    @property
    def label(self) -> str:
        """What people call it."""
        return (self.series[0].declared or METRICS[self.metric]).label

    @property
    def images_per_s(self) -> float:
        """All images over all time, of the median process; NaN where no time passed."""
        times = [(one.images * len(one.samples), sum(one.samples)) for one in self.series]
        rates = [images / total for images, total in times if total]
        return float(np.median(rates)) * _NS_PER_S if rates else math.nan


def points_for(cases: int) -> int:
    """How many samples of a figure a page of so many cases shows, so that it stays small."""
    return min(_MOST_POINTS, max(_FEWEST_POINTS, _POINTS_OF_A_PAGE // max(1, cases)))


def sampled_figures(series: Iterable[Series], points: int) -> list[SampledFigure]:
    """Every figure that was sampled, at most `points` samples of each to be shown."""
    groups: dict[tuple[str, int], list[Series]] = {}
    for one in sorted(series, key=lambda s: (s.round, s.attempt)):
        if taken(one) and not one.discarded:
            groups.setdefault((one.metric, one.batch_size), []).append(one)
    return [_sampled(groups[key], points) for key in sorted(groups, key=_importance)]


def _importance(key: tuple[str, int]) -> tuple[int, str, int]:
    """Figures that verdicts are on come first."""
    metric, batch_size = key
    first = CONTESTED.index(metric) if metric in CONTESTED else len(CONTESTED)
    return first, metric, batch_size


def _sampled(group: Sequence[Series], points: int) -> SampledFigure:
    arrays = [np.asarray(taken(one)) for one in group]
    rounds = [one.round + np.arange(len(a)) / len(a) for one, a in zip(group, arrays, strict=True)]
    declared = group[0].declared
    total = sum(map(len, arrays))
    places = evenly(total, points)
    # Of all samples: the few that are shown would miss the tail.
    quantiles = pooled_quantiles(arrays, PROBABILITIES) / _NS_PER_S
    return SampledFigure(
        metric=group[0].metric,
        batch_size=group[0].batch_size,
        series=group,
        total=total,
        quantiles_s=quantiles.tolist(),
        rounds=np.concatenate(rounds)[places].round(4).tolist(),
        shown=np.concatenate(arrays)[places].tolist(),
        scale=declared.shown if declared else _OF_NS,
    )


def taken(one: Series) -> Sequence[float]:
    """Its samples: nanoseconds, or of a probe what it declares."""
    return one.values or one.samples


def evenly(count: int, most: int) -> list[int]:
    """At most so many of `count` places, from the first to the last at even distances."""
    places: list[int] = np.linspace(0, count - 1, min(count, most)).round().astype(int).tolist()
    return places
