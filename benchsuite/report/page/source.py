"""What a page is made of: records, the runs that they are of, their samples and certificates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchsuite.records import Record, read_some
from benchsuite.records.certificate import Certificate, certificates_beside
from benchsuite.report.fairness.equality import with_equality
from benchsuite.report.fairness.groups import FairGroup, differing, fair_groups
from benchsuite.report.leaderboard.rows import in_order
from benchsuite.report.page.samples import SampledFigure, points_for, sampled_figures

#: Of a group that is the only one.
ALL = "all rows"


@dataclass(frozen=True, slots=True, eq=False)
class PageEntry:
    """One record, the key that links lead to it by, and what its processes sampled."""

    record: Record
    key: str
    sampled: Sequence[SampledFigure]

    def of(self, metric: str) -> list[SampledFigure]:
        """The samples of one figure, a batch size each, ascending."""
        return [one for one in self.sampled if one.metric == metric]


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """Everything that a page shows.

    runs: what `run.json` says, by the run's name; nothing where that file is not there.
    """

    entries: Sequence[PageEntry]
    runs: Mapping[str, Mapping[str, Any]]
    certificates: Sequence[Certificate]

    @property
    def records(self) -> list[Record]:
        """All of them, in the order of every view."""
        return [entry.record for entry in self.entries]

    def of(self, records: Sequence[Record]) -> list[PageEntry]:
        """The entries of these records."""
        wanted = {record.row_key for record in records}
        return [entry for entry in self.entries if entry.record.row_key in wanted]


def read_source(paths: Sequence[Path]) -> Source:
    """The records at these paths, as `read_records` finds them, and what lies beside them.

    Raises UsageError where there are none, or a file is none of ours.
    """
    # A record may lie below two of the paths, and is one row.
    found = {stored.path.resolve(): stored for stored in read_some(paths)}
    certificates = list(certificates_beside(paths))
    records = with_equality([stored.record for stored in found.values()], certificates)
    files = {r.row_key: stored for r, stored in zip(records, found.values(), strict=True)}
    points = points_for(len(records))
    entries = [
        PageEntry(record, record.row_key, sampled_figures(files[record.row_key].series(), points))
        for record in in_order(records)
    ]
    runs = {record.run: files[record.row_key].facts() for record in records}
    return Source(entries, runs, certificates)


def named_groups(records: Sequence[Record]) -> list[tuple[str, FairGroup]]:
    """Fair groups by name: the one with the most rows that ended well comes first."""
    groups = fair_groups(records)
    apart = differing(groups)
    groups.sort(key=lambda group: -sum(record.status == "ok" for record in group.records))
    return [(group_name(group, apart), group) for group in groups]


def group_name(group: FairGroup, columns: Sequence[str]) -> str:
    """The group's values in these columns, such as `tier compiled · dataset mnist`."""
    return " · ".join(f"{name} {value}" for name, value in group.said(columns).items()) or ALL
