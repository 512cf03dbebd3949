"""What may be said of backends that ran the same network, and what may not, as a table."""

from collections.abc import Iterator, Sequence
from itertools import combinations

from benchsuite.measure.flags import DISQUALIFYING, at_own_batch
from benchsuite.measure.protocol import PROTOCOLS
from benchsuite.measure.statistics.verdicts import MARGIN
from benchsuite.metrics import CONTESTED, METRICS
from benchsuite.records import Record
from benchsuite.report.columns.quantities import significant
from benchsuite.report.fairness.comparable import comparable_groups
from benchsuite.report.fairness.verdicts import PairVerdict, pair_verdicts
from benchsuite.report.page.source import PageEntry
from benchsuite.report.page.table import Heading, PageCell, Row, Table, choosable

_LOOKS = {"different": "best", "inconclusive": "doubtful"}
_HEADINGS = (
    Heading("architecture", "leads to the first row", choices=True),
    *choosable("figure", "first", "second"),
    Heading("first / second", "ratio of the figures, with its 95 % interval", numeric=True),
    Heading("verdict", f"a difference in practice is {MARGIN:.0%} or more", choices=True),
    Heading("in words"),
    Heading("terms", "tier, precision, threads, data set and seed", choices=True),
)


def verdict_table(entries: Sequence[PageEntry]) -> Table:
    """Every verdict, corrected by comparison group, and the flags that forbade one."""
    records = [entry.record for entry in entries]
    rows = []
    for comparable in comparable_groups(records):
        found = pair_verdicts(comparable)
        rows += [Row(one.first.row_key, _verdict(one)) for one in found]
        decided = {(one.first.row_key, one.second.row_key, one.metric) for one in found}
        rows += [
            Row(first.row_key, _silence(metric, first, second))
            for metric, first, second in _expected(comparable)
            if (first.row_key, second.row_key, metric) not in decided
        ]
    empty = "No verdict: see what the protocols give, above."
    return Table("Verdicts", list(_HEADINGS), rows, empty)


def _expected(comparable: Sequence[Record]) -> Iterator[tuple[str, Record, Record]]:
    """Of what a protocol gives verdicts on, where both rows have the figure."""
    protocol = PROTOCOLS.get(comparable[0].case.protocol)
    if protocol is None or not protocol.gives_verdicts:
        return
    for metric in CONTESTED:
        for first, second in combinations(comparable, 2):
            if at_own_batch(first, metric) and at_own_batch(second, metric):
                yield metric, first, second


def _verdict(found: PairVerdict) -> list[PageCell | str]:
    verdict = found.comparison.verdict
    return [
        *_names(found.metric, found.first, found.second),
        PageCell(found.ratio, found.comparison.ratio.value),
        PageCell(verdict, look=_LOOKS.get(verdict, "")),
        _in_words(found),
        _terms(found.first),
    ]


def _silence(metric: str, first: Record, second: Record) -> list[PageCell | str]:
    verdict = PageCell("none", look="doubtful")
    why = _why_not(metric, first, second)
    return [*_names(metric, first, second), "", verdict, why, _terms(first)]


def _why_not(metric: str, *records: Record) -> str:
    """The flags that exclude a figure; else there are too few rounds."""
    said = []
    for record in records:
        found = at_own_batch(record, metric)
        flags = [flag for flag in found.flags if flag in DISQUALIFYING] if found else []
        if flags:
            said.append(f"{record.case.backend}: {', '.join(flags).replace('_', ' ')}")
    return "; ".join(said) or "too few rounds in which both took part"


def _names(metric: str, first: Record, second: Record) -> list[str]:
    case = first.case
    return [case.architecture, METRICS[metric].label, case.backend, second.case.backend]


def _terms(record: Record) -> str:
    case = record.case
    shared = (case.tier, case.precision, f"{case.threads} threads", case.dataset)
    return " · ".join((*shared, f"seed {case.seed}"))


def _in_words(found: PairVerdict) -> str:
    """Who is faster, and by how much; or that nobody is known to be."""
    comparison = found.comparison
    if comparison.verdict == "equivalent":
        return "as fast as each other"
    if comparison.flag:
        return f"cannot be told apart: {comparison.flag}"
    if comparison.verdict == "inconclusive":
        return "cannot be told apart"
    ratio = comparison.ratio.value
    slower = ratio > 1 if METRICS[found.metric].better == "lower" else ratio < 1
    winner = found.second if slower else found.first
    return f"{winner.case.backend} is {significant(max(ratio, 1 / ratio))} times as fast"
