"""What certificates prove of the rows of a leaderboard."""

from collections.abc import Iterable, Sequence

import msgspec

from benchsuite.records import Record
from benchsuite.records.certificate import Certificate

UNPROVEN = "unproven"
EXACT = "exact"


def with_equality(records: Sequence[Record], certificates: Iterable[Certificate]) -> list[Record]:
    """The records, each with what is proven of its network in its backend's very versions."""
    known = list(certificates)
    return [
        msgspec.structs.replace(record, equality=_equality(record, known)) for record in records
    ]


def _equality(record: Record, certificates: Sequence[Certificate]) -> str:
    """`exact`, the error of the logits, what differs, or `unproven`.

    A certificate in float64 is of the network itself, whatever the row's precision; one in
    another precision says how closely that computes it, on that device.
    """
    versions = record.findings.versions
    fitting = [c for c in certificates if c.is_of(record) and c.versions == versions]
    # Float64 leaves no room for rounding: what agrees there is the same network.
    exact = next((c for c in fitting if c.precision == "fp64"), None)
    if exact is not None:
        return _said(exact, EXACT)
    case = record.case
    same = (c for c in fitting if (c.precision, c.device) == (case.precision, case.device))
    rounded = next(same, None)
    error = rounded.error("logits") if rounded is not None else None
    return UNPROVEN if rounded is None or error is None else _said(rounded, f"{error:.1e}")


def _said(certificate: Certificate, held: str) -> str:
    if certificate.holds:
        return held
    return f"differs: {certificate.reason}" if certificate.verdict == "differs" else UNPROVEN
