"""What is said of all rows together: verdicts, certificates, failures and the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchsuite.measure.verdicts import MARGIN
from benchsuite.records import Record
from benchsuite.records.certificate import Certificate, Check
from benchsuite.report.contest import contests, outsiders
from benchsuite.report.page.source import Entry
from benchsuite.report.page.table import Cell, Heading, Row, Table
from benchsuite.report.quantities import significant
from benchsuite.report.verdicts import Ruling, rulings

_LOOKS = {"different": "best", "inconclusive": "doubtful"}


def verdicts(entries: Sequence[Entry]) -> Table:
    """Every verdict between rows that may be compared, each contest corrected as one family."""
    records = [entry.record for entry in entries]
    keys = {id(entry.record): entry.key for entry in entries}
    outside = outsiders(records)
    found = [
        ruling
        for rivals in contests(r for r in records if id(r) not in outside)
        for ruling in rulings(rivals)
    ]
    headings = [
        Heading("architecture", "leads to the first row", choices=True),
        Heading("figure", choices=True),
        Heading("first", choices=True),
        Heading("second", choices=True),
        Heading("first / second", "ratio of the figures, with its 95 % interval", numeric=True),
        Heading("verdict", f"a difference in practice is {MARGIN:.0%} or more", choices=True),
        Heading("in words"),
        Heading("terms", "tier, precision, threads, data set and seed", choices=True),
    ]
    rows = [Row(keys[id(ruling.first)], _ruling(ruling)) for ruling in found]
    return Table("Verdicts", headings, rows, "No verdict: see what the protocols give, above.")


def _ruling(ruling: Ruling) -> list[Cell | str]:
    case, comparison = ruling.first.case, ruling.comparison
    ratio, verdict = comparison.ratio, comparison.verdict
    value, low, high = (significant(x) for x in (ratio.value, ratio.low, ratio.high))
    return [
        case.architecture,
        ruling.metric.replace("_", " "),
        case.backend,
        ruling.second.case.backend,
        Cell(f"{value} ({low}–{high})", ratio.value),
        Cell(verdict, look=_LOOKS.get(verdict, "")),
        _in_words(ruling),
        f"{case.tier} · {case.precision} · {case.threads} threads · {case.dataset} · {case.seed}",
    ]


def _in_words(ruling: Ruling) -> str:
    """Who is faster, and by how much; or that nobody is known to be."""
    comparison = ruling.comparison
    if comparison.verdict == "equivalent":
        return "as fast as each other"
    if comparison.verdict == "inconclusive":
        return "cannot be told apart"
    ratio = comparison.ratio.value
    slower = ratio > 1 if ruling.metric == "latency" else ratio < 1
    winner = ruling.second if slower else ruling.first
    return f"{winner.case.backend} is {significant(max(ratio, 1 / ratio))} times as fast"


def certificates(found: Sequence[Certificate]) -> Table:
    """What is proven of each network, with the largest error of each quantity."""
    quantities = list(dict.fromkeys(check.quantity for c in found for check in c.checks))
    headings = [
        Heading("architecture", choices=True),
        Heading("backend", choices=True),
        Heading("precision", choices=True),
        Heading("verdict", choices=True),
        *(Heading(name, "largest error, as a share", numeric=True) for name in quantities),
        Heading("reason"),
        Heading("versions", extra=True),
        Heading("created", extra=True),
    ]
    rows = [Row("", _certificate(one, quantities)) for one in found]
    empty = "No certificates beside the records: benchsuite verify makes them."
    return Table("Certificates", headings, rows, empty)


def _certificate(found: Certificate, quantities: Sequence[str]) -> list[Cell | str]:
    checks = {check.quantity: check for check in found.checks}
    return [
        found.architecture,
        found.backend,
        f"{found.precision} on {found.device}",
        Cell(found.verdict, look="best" if found.holds else "bad"),
        *(_check(checks.get(name)) for name in quantities),
        found.reason,
        spoken(found.versions),
        found.created,
    ]


def _check(check: Check | None) -> Cell | str:
    if check is None or check.error is None:
        return ""
    tolerance = "" if check.tolerance is None else f"at most {check.tolerance:.1e}"
    return Cell(f"{check.error:.1e}", check.error, tolerance, "" if check.passed else "bad")


def failures(entries: Sequence[Entry]) -> Table:
    """Every row that did not end well, and why; the log is in its own page."""
    headings = [
        Heading("architecture", choices=True),
        Heading("backend", choices=True),
        Heading("status", choices=True),
        Heading("reason"),
        Heading("terms"),
    ]
    rows = [
        Row(
            entry.key,
            [
                (case := entry.record.case).architecture,
                case.backend,
                Cell(entry.record.status, look="bad"),
                " ".join(entry.record.reason.split()),
                f"{case.tier} · {case.precision} · {case.dataset} · seed {case.seed}",
            ],
        )
        for entry in entries
        if entry.record.status != "ok"
    ]
    return Table("Failures", headings, rows, "Every case ended well.")


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One setting of one task, as read back in each backend's processes, in order of name."""

    setting: str
    values: Sequence[str]

    @property
    def differs(self) -> bool:
        """Whether backends, or cases of one, have it otherwise."""
        return len(set(self.values)) > 1 or any(", " in value for value in self.values)


def ledger(records: Sequence[Record], backends: Sequence[str]) -> list[LedgerLine]:
    """The fairness ledger: every setting that decides speed or numbers."""
    known: dict[str, dict[str, dict[str, None]]] = {}
    for record in records:
        for setting, value in record.findings.ledger.items():
            known.setdefault(setting, {}).setdefault(record.case.backend, {})[value] = None
    return [
        LedgerLine(setting, [", ".join(values.get(name, ())) for name in backends])
        for setting, values in known.items()
    ]


def spoken(versions: Mapping[str, str]) -> str:
    """Names and versions in a line."""
    return " · ".join(f"{name} {version}" for name, version in versions.items())
