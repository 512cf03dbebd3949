"""What a page is made of: records, the runs that they are of, their samples and certificates."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchsuite.measure.statistics.estimates import pooled_quantiles
from benchsuite.metrics import CONTESTED
from benchsuite.records import Record, read_some
from benchsuite.records.certificate import Certificate, certificates_beside
from benchsuite.records.series import Series
from benchsuite.report.fairness.equality import with_equality
from benchsuite.report.fairness.groups import FairGroup, differing, fair_groups
from benchsuite.report.leaderboard.rows import in_order

#: Of a group that is the only one.
ALL = "all rows"

#: Shares of all samples of which a page holds the quantile.
PROBABILITIES = (0.0, 0.01, *(step / 40 for step in range(2, 39)), 0.99, 1.0)
_MOST_POINTS, _FEWEST_POINTS, _POINTS_OF_A_PAGE = 2_000, 40, 100_000
_NS_PER_S = 1e9


@dataclass(frozen=True, slots=True, eq=False)
class Sampled:
    """One figure of one batch size, as all processes of a case sampled it.

    series: one a process, in the order taken; those that were discarded are left out.
    total: samples of all of them.
    quantiles_s: of all samples, at `PROBABILITIES`, each process with the same weight.
    rounds, shown_ns: some of the samples, evenly taken, in nanoseconds, and for each the round
        that its process was of and how far in it came: 2.5 is half-way through round 2.
    """

    metric: str
    batch_size: int
    series: Sequence[Series]
    total: int
    quantiles_s: Sequence[float]
    rounds: Sequence[float]
    shown_ns: Sequence[int]

    @property
    def images_per_s(self) -> float:
        """All images over all time, of the median process; NaN where no time passed."""
        times = [(one.images * len(one.samples), sum(one.samples)) for one in self.series]
        rates = [images / total for images, total in times if total]
        return float(np.median(rates)) * _NS_PER_S if rates else math.nan


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One record, the key that links lead to it by, and what its processes sampled."""

    record: Record
    key: str
    sampled: Sequence[Sampled]

    def of(self, metric: str) -> list[Sampled]:
        """The samples of one figure, a batch size each, ascending."""
        return [one for one in self.sampled if one.metric == metric]


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """Everything that a page shows.

    runs: what `run.json` says, by the run's name; nothing where that file is not there.
    """

    entries: Sequence[Entry]
    runs: Mapping[str, Mapping[str, Any]]
    certificates: Sequence[Certificate]

    @property
    def records(self) -> list[Record]:
        """All of them, in the order of every view."""
        return [entry.record for entry in self.entries]

    def of(self, records: Sequence[Record]) -> list[Entry]:
        """The entries of these records."""
        wanted = {record.row_key for record in records}
        return [entry for entry in self.entries if entry.record.row_key in wanted]


def read_source(paths: Sequence[Path]) -> Source:
    """The records at these paths, as `read_records` finds them, and what lies beside them.

    Raises UsageError where there are none, or a file is none of ours.
    """
    found = {stored.path.resolve(): stored for stored in read_some(paths)}
    certificates = list(certificates_beside(paths))
    records = with_equality([stored.record for stored in found.values()], certificates)
    files = {r.row_key: stored for r, stored in zip(records, found.values(), strict=True)}
    points = points_for(len(records))
    entries = [
        Entry(record, record.row_key, sampled_figures(files[record.row_key].series(), points))
        for record in in_order(records)
    ]
    runs = {record.run: files[record.row_key].facts() for record in records}
    return Source(entries, runs, certificates)


def points_for(cases: int) -> int:
    """How many samples of a figure a page of so many cases shows, so that it stays small."""
    return min(_MOST_POINTS, max(_FEWEST_POINTS, _POINTS_OF_A_PAGE // max(1, cases)))


def sampled_figures(series: Iterable[Series], points: int) -> list[Sampled]:
    """Every figure that was sampled, at most `points` samples of each to be shown."""
    groups: dict[tuple[str, int], list[Series]] = {}
    for one in sorted(series, key=lambda s: (s.round, s.attempt)):
        if one.samples and not one.discarded:
            groups.setdefault((one.metric, one.batch_size), []).append(one)
    return [_sampled(groups[key], points) for key in sorted(groups, key=_importance)]


def _importance(key: tuple[str, int]) -> tuple[int, str, int]:
    """Figures that verdicts are on come first."""
    metric, batch_size = key
    first = CONTESTED.index(metric) if metric in CONTESTED else len(CONTESTED)
    return first, metric, batch_size


def _sampled(group: Sequence[Series], points: int) -> Sampled:
    arrays = [np.asarray(one.samples) for one in group]
    rounds = [one.round + np.arange(len(one.samples)) / len(one.samples) for one in group]
    total = sum(map(len, arrays))
    shown = evenly(total, points)
    quantiles = pooled_quantiles(arrays, PROBABILITIES) / _NS_PER_S
    return Sampled(
        metric=group[0].metric,
        batch_size=group[0].batch_size,
        series=group,
        total=total,
        quantiles_s=quantiles.tolist(),
        rounds=np.concatenate(rounds)[shown].round(4).tolist(),
        shown_ns=np.concatenate(arrays)[shown].tolist(),
    )


def evenly(count: int, most: int) -> list[int]:
    """At most so many of `count` places, from the first to the last at even distances."""
    places: list[int] = np.linspace(0, count - 1, min(count, most)).round().astype(int).tolist()
    return places


def named_groups(records: Sequence[Record]) -> list[tuple[str, FairGroup]]:
    """Fair groups by name: the one with the most rows that ended well comes first."""
    groups = fair_groups(records)
    apart = differing(groups)
    groups.sort(key=lambda group: -sum(record.status == "ok" for record in group.records))
    return [(group_name(group, apart), group) for group in groups]


def group_name(group: FairGroup, columns: Sequence[str]) -> str:
    """The group's values in these columns, such as `tier compiled · dataset mnist`."""
    return " · ".join(f"{name} {value}" for name, value in group.said(columns).items()) or ALL
