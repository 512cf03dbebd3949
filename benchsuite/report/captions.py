"""What is said above and below the tables of the leaderboard, in words."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from benchsuite.records import Record
from benchsuite.report.column import Column
from benchsuite.report.columns import COLUMNS
from benchsuite.report.fields import BEST, GAP, OUTSIDER, Field, distinct
from benchsuite.report.protocols import describe_protocol
from benchsuite.report.quantities import significant
from benchsuite.report.verdicts import Ruling

_DOUBTFUL = "~"
_SECTIONS = "sections: input → classes · size · batch of inference/training throughput"

_BY_NAME = {column.name: column for column in COLUMNS}
#: Said above the table where rows do not differ in them.
_SAID_ONCE = ("division", "tier", "precision", "dataset", "seed")


def caption(records: Sequence[Record], shown: Sequence[Column]) -> list[Text]:
    """What holds for all rows: the protocol, the hardware and the conditions."""
    protocols = [str(name) for name in distinct(records, _BY_NAME["protocol"])]
    hardware = [
        f"{r.case.device}: {r.findings.device_name}, threads: {r.case.threads}"
        for r in records
        if r.findings.device_name
    ]
    conditions = [
        f"{column.name} {value}"
        for column in (_BY_NAME[name] for name in _SAID_ONCE)
        if column not in shown
        for value in distinct(records, column)
    ]
    lines = [
        *map(describe_protocol, protocols),
        *dict.fromkeys(hardware),
        " · ".join(conditions),
        _SECTIONS,
    ]
    return [Text(line) for line in lines if line]


def ruling_line(ruling: Ruling) -> Text:
    """Such as `latency: torch / keras-tensorflow 0.820 (0.801-0.838), different`."""
    ratio, verdict = ruling.comparison.ratio, ruling.comparison.verdict
    value, low, high = (significant(x) for x in (ratio.value, ratio.low, ratio.high))
    names = " / ".join(record.case.backend for record in (ruling.first, ruling.second))
    what = ruling.metric.replace("_", " ")
    text = f"{GAP}{what}: {names} {value} ({low}–{high}), {verdict}"
    return Text(text, "" if verdict == "different" else "bright_black")


def legend(fields: Sequence[Field]) -> list[Text]:
    """What the marks mean, where they are used."""
    marks = {
        BEST: "best of the rows that may be compared",
        _DOUBTFUL: "noisy or disturbed, never the best (column flags)",
        OUTSIDER: "other data, order, weights or network than its rivals: not compared",
    }
    cells = [cell.plain for field in fields for cell in field.cells.values()]
    used = [mark for mark in marks if any(mark in (cell[:1], cell[-1:]) for cell in cells)]
    return [Text(), *(Text(f"{mark} {marks[mark]}") for mark in used)] if used else []
