"""What is said above and below the tables of the leaderboard, in words."""

from collections.abc import Iterable, Mapping, Sequence

from rich.text import Text

from benchsuite.metrics import METRICS
from benchsuite.records import Record, Role
from benchsuite.records.case import USUAL
from benchsuite.report.columns.columns import COLUMNS
from benchsuite.report.columns.conditions import CONDITIONS, distinct
from benchsuite.report.fairness.groups import differing
from benchsuite.report.fairness.verdicts import PairVerdict
from benchsuite.report.leaderboard.cells import BEST, GAP, MISMATCHED, ON_FRONT, Field
from benchsuite.report.leaderboard.ranking_table import RankingTable
from benchsuite.report.leaderboard.view import View

_DOUBTFUL = "~"
_SECTIONS = "sections: input → classes · size · batch of inference/training throughput"

#: What readers of figures must know of a protocol, by the start of its name.
_PROTOCOLS = {
    "tour": "tour: one process, a few seconds per figure; indicative, no verdicts",
    "quick": "quick: three processes; indicative, no verdicts",
    "full": "full: fresh processes in turns, median ± half of its 95 % interval",
}
_BY_NAME = {column.name: column for column in COLUMNS}
#: Said in lines of their own, or by the protocol, or beside the figures that depend on it.
_SAID_ELSEWHERE = ("device", "device_name", "threads", "protocol", "isolation", "training input")


def caption(tables: Sequence[RankingTable], view: View, *, wide: bool) -> list[Text]:
    """What holds for all tables: protocols, hardware, conditions, and what keeps them apart."""
    records = [record for table in tables for record in table.group.records]
    lines = [
        *(describe_protocol(str(name)) for name in distinct(records, _BY_NAME["protocol"])),
        *hardware(records),
        " · ".join(_shared(records)) if view.chosen or not wide else "",
        _SECTIONS if records and view.section == _BY_NAME["architecture"] else "",
        _why_apart(tables),
    ]
    return [Text(line) for line in lines if line]


def describe_protocol(name: str) -> str:
    """What to know of a protocol, with its version; the name alone of one that nobody knows."""
    said = _PROTOCOLS.get(name.partition("-")[0])
    return f"{said} ({name})" if said else name


def hardware(records: Iterable[Record]) -> list[str]:
    """What they were measured on, each once."""
    known = (
        f"{r.case.device}: {r.findings.device_name}, threads: {r.case.threads}"
        for r in records
        if r.findings.device_name
    )
    return list(dict.fromkeys(known))


def _shared(records: Sequence[Record]) -> list[str]:
    """The conditions in which no two rows differ, but for what is usual."""
    return [
        f"{column.name.replace('_', ' ')} {values[0]}"
        for column in CONDITIONS
        if column.field and column.role in (Role.AXIS, Role.SETTING, Role.REPEAT)
        if column.name not in _SAID_ELSEWHERE
        if len(values := distinct(records, column)) == 1
        if values[0] != USUAL[column.field]
    ]


def _why_apart(tables: Sequence[RankingTable]) -> str:
    if len(tables) < 2:  # noqa: PLR2004 - one is apart from nothing
        return ""
    what = ", ".join(_distinctions(tables[0], tables))
    return f"{len(tables)} tables, which no fair ranking mixes: they differ in {what}"


def title(table: RankingTable, tables: Sequence[RankingTable]) -> str:
    """What sets a table apart from the others; empty where there are none."""
    if len(tables) == 1:
        return ""
    said = " · ".join(f"{name} {value}" for name, value in _distinctions(table, tables).items())
    return f"table {tables.index(table) + 1} of {len(tables)}: {said}"


def _distinctions(table: RankingTable, tables: Sequence[RankingTable]) -> Mapping[str, str]:
    """In which respects tables differ, in words, and what holds of this one."""
    return table.group.said(differing([other.group for other in tables]))


def pair_verdict_line(found: PairVerdict) -> Text:
    """Such as `latency: torch / keras-tensorflow 0.820 (0.801-0.838), different`."""
    verdict = found.comparison.verdict
    names = " / ".join(record.case.backend for record in (found.first, found.second))
    what = METRICS[found.metric].label
    text = f"{GAP}{what}: {names} {found.ratio}, {found.comparison.said}"
    return Text(text, "" if verdict == "different" else "bright_black")


def legend(tables: Sequence[RankingTable]) -> list[Text]:
    """What the marks mean, where they are used, and in what no row has a rank."""
    fields = [field for table in tables for field in table.fields]
    best = "best of the rows that may be compared"
    marks = {
        BEST: f"{best} (accuracy: of this seed)" if any(map(_has_best_trained, fields)) else best,
        ON_FRONT: "in its table, none is both more accurate and faster, smaller or thriftier",
        _DOUBTFUL: "noisy or disturbed, never the best (column flags)",
        MISMATCHED: "not compared: other data, order, weights or network",
    }
    cells = [cell for field in fields for cell in field.cells.values()]
    used = {cell.mark for cell in cells} | {cell.text[:1] for cell in cells}
    lines = [
        *(f"{mark} {said}" for mark, said in marks.items() if mark in used),
        *_unranked(tables),
    ]
    return [Text(), *map(Text, lines)] if lines else []


def _has_best_trained(field: Field) -> bool:
    """Whether a row is the best by what it learnt, of which other seeds may say something else."""
    of_quality = field.column is not None and field.column.name.startswith(("test_", "validation_"))
    return of_quality and any(cell.mark == BEST for cell in field.cells.values())


def _unranked(tables: Sequence[RankingTable]) -> list[str]:
    columns = dict.fromkeys(column for table in tables for column in table.unranked)
    return [
        f"no rank by {column.shown.header.splitlines()[0]}: "
        "no figure has an interval that gives verdicts"
        for column in columns
        if all(column in table.unranked for table in tables)
    ]
