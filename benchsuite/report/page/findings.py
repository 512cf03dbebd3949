"""What is said of all rows together: certificates, failures and the ledger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchsuite.records import Record
from benchsuite.records.certificate import Certificate, Check
from benchsuite.report.page.source import PageEntry
from benchsuite.report.page.table import Heading, PageCell, Row, Table, choosable


def certificates(found: Sequence[Certificate]) -> Table:
    """What is proven of each network, with the largest error of each quantity."""
    quantities = list(dict.fromkeys(check.quantity for c in found for check in c.checks))
    headings = [
        *choosable("architecture", "backend", "precision", "verdict"),
        *(Heading(name, "largest error, as a share", numeric=True) for name in quantities),
        Heading("reason"),
        Heading("versions", extra=True),
        Heading("created", extra=True),
    ]
    rows = [Row("", _certificate(one, quantities)) for one in found]
    empty = "No certificates beside the records: benchsuite verify makes them."
    return Table("Certificates", headings, rows, empty)


def _certificate(found: Certificate, quantities: Sequence[str]) -> list[PageCell | str]:
    checks = {check.quantity: check for check in found.checks}
    return [
        found.architecture,
        found.backend,
        f"{found.precision} on {found.device}",
        PageCell(found.verdict, look="best" if found.holds else "bad"),
        *(_check(checks.get(name)) for name in quantities),
        found.reason,
        spoken(found.versions),
        found.created,
    ]


def _check(check: Check | None) -> PageCell | str:
    if check is None or check.error is None:
        return ""
    tolerance = "" if check.tolerance is None else f"at most {check.tolerance:.1e}"
    return PageCell(f"{check.error:.1e}", check.error, tolerance, "" if check.passed else "bad")


def failures(entries: Sequence[PageEntry]) -> Table:
    """Every row that did not end well, and why; the log is in its own page."""
    headings = [
        *choosable("architecture", "backend", "status"),
        Heading("reason"),
        Heading("terms"),
    ]
    rows = [
        Row(
            entry.key,
            [
                (case := entry.record.case).architecture,
                case.backend,
                PageCell(entry.record.status, look="bad"),
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
    def alike(self) -> str:
        """Whether backends, or cases of one, have it otherwise; some may not have it at all."""
        known = [value for value in self.values if value]
        if len(set(known)) > 1 or any(", " in value for value in known):
            return "differs"
        return "same" if len(known) == len(self.values) else "not in all"


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
