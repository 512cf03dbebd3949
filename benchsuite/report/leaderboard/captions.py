"""What is said above and below the tables of the leaderboard, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.text import Text

from benchsuite.report.columns.columns import COLUMNS
from benchsuite.report.columns.figures import figure_for
from benchsuite.report.columns.quantities import significant
from benchsuite.report.fairness.groups import differing
from benchsuite.report.fairness.protocols import describe_protocol
from benchsuite.report.fairness.verdicts import PairVerdict
from benchsuite.report.leaderboard.boards import Board
from benchsuite.report.leaderboard.fields import BEST, GAP, MISMATCHED, ON_FRONT, distinct
from benchsuite.report.leaderboard.view import View

_DOUBTFUL = "~"
_SECTIONS = "sections: input → classes · size · batch of inference/training throughput"

_BY_NAME = {column.name: column for column in COLUMNS}
#: Said above the tables where no two rows differ in them.
_SAID_ONCE = ("division", "tier", "precision", "dataset", "seed")


def caption(boards: Sequence[Board], view: View, *, wide: bool) -> list[Text]:
    """What holds for all tables: protocols, hardware, conditions, and what keeps them apart."""
    records = [record for board in boards for record in board.group.records]
    protocols = [str(name) for name in distinct(records, _BY_NAME["protocol"])]
    hardware = [
        f"{r.case.device}: {r.findings.device_name}, threads: {r.case.threads}"
        for r in records
        if r.findings.device_name
    ]
    conditions = [
        f"{name} {values[0]}"
        for name in _SAID_ONCE
        if len(values := distinct(records, _BY_NAME[name])) == 1
        if view.chosen or not wide
    ]
    lines = [
        *map(describe_protocol, protocols),
        *dict.fromkeys(hardware),
        " · ".join(conditions),
        _SECTIONS if records and view.section == _BY_NAME["architecture"] else "",
        _why_apart(boards),
    ]
    return [Text(line) for line in lines if line]


def _why_apart(boards: Sequence[Board]) -> str:
    if len(boards) < 2:  # noqa: PLR2004 - one is apart from nothing
        return ""
    what = ", ".join(_distinctions(boards[0], boards))
    return f"{len(boards)} tables, which no fair ranking mixes: they differ in {what}"


def title(board: Board, boards: Sequence[Board]) -> str:
    """What sets a table apart from the others; empty where there are none."""
    if len(boards) == 1:
        return ""
    said = " · ".join(f"{name} {value}" for name, value in _distinctions(board, boards).items())
    return f"table {boards.index(board) + 1} of {len(boards)}: {said}"


def _distinctions(board: Board, boards: Sequence[Board]) -> Mapping[str, str]:
    """In which respects tables differ, in words, and what holds of this one."""
    return board.group.said(differing([other.group for other in boards]))


def pair_verdict_line(pair_verdict: PairVerdict) -> Text:
    """Such as `latency: torch / keras-tensorflow 0.820 (0.801-0.838), different`."""
    ratio, verdict = pair_verdict.comparison.ratio, pair_verdict.comparison.verdict
    value, low, high = (significant(x) for x in (ratio.value, ratio.low, ratio.high))
    names = " / ".join(record.case.backend for record in (pair_verdict.first, pair_verdict.second))
    what = pair_verdict.metric.replace("_", " ")
    text = f"{GAP}{what}: {names} {value} ({low}–{high}), {verdict}"
    return Text(text, "" if verdict == "different" else "bright_black")


def legend(boards: Sequence[Board]) -> list[Text]:
    """What the marks mean, where they are used, and in what no row has a rank."""
    marks = {
        BEST: "best of the rows that may be compared",
        ON_FRONT: "in its table, none is both more accurate and faster, smaller or thriftier",
        _DOUBTFUL: "noisy or disturbed, never the best (column flags)",
        MISMATCHED: "other data, order, weights or network than its comparable: not compared",
    }
    fields = [field for board in boards for field in board.fields]
    cells = [cell.plain for field in fields for cell in field.cells.values()]
    used = [mark for mark in marks if any(mark in (cell[:1], cell[-1:]) for cell in cells)]
    lines = [*(f"{mark} {marks[mark]}" for mark in used), *_unranked(boards)]
    return [Text(), *map(Text, lines)] if lines else []


def _unranked(boards: Sequence[Board]) -> list[str]:
    columns = dict.fromkeys(column for board in boards for column in board.unranked)
    return [
        f"no rank by {figure_for(column).header.splitlines()[0]}: "
        "no figure has an interval that gives verdicts"
        for column in columns
        if all(column in board.unranked for board in boards)
    ]
