"""What certificates prove of the rows of a leaderboard: part by part, of what runs alone."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import msgspec

from benchsuite.contract import UpdateRule
from benchsuite.hooks import Source
from benchsuite.records import Record
from benchsuite.records.certificate import FIT_QUANTITY, Certificate, Check

UNPROVEN = "unproven"
_DIFFERS, _EXACT, _ROUNDED = "differs", "exact", "within rounding"
#: In the order in which a row says them.
_STATES = (_DIFFERS, "no proof", _EXACT, _ROUNDED, "of unknown code", UNPROVEN)
#: The quantities of certificates that each part of a row stands on.
_NETWORK = ("counts", "layer outputs", "logits")
_GRADIENTS = ("loss", "gradients")
_STEPS = ("statistics after a step", "weights after steps", "logits after steps")


@dataclass(frozen=True, slots=True)
class _Part:
    """One part of what a row claims. state: one of `_STATES`; detail: how far, or why."""

    name: str
    state: str
    detail: str = ""

    @property
    def said(self) -> str:
        return f"{self.name} ({self.detail})" if self.detail else self.name


def with_equality(records: Sequence[Record], certificates: Iterable[Certificate]) -> list[Record]:
    """The records, each with what is proven of the very code and configuration that ran."""
    known = list(certificates)
    return [
        msgspec.structs.replace(record, equality=_equality(record, known)) for record in records
    ]


def _equality(record: Record, certificates: Sequence[Certificate]) -> str:
    """Such as `exact: network, gradients, adam; within rounding: fp32 outputs (2e-06)`.

    What differs comes first, what no certificate is of comes last. `unproven` alone where
    nothing is certified.
    """
    parts = [
        *_parts(record, [one for one in certificates if fits(record, one)]),
        *_own_parts(record),
    ]
    if all(part.state == UNPROVEN for part in parts):
        return UNPROVEN
    groups = {state: [part.said for part in parts if part.state == state] for state in _STATES}
    return "; ".join(f"{state}: {', '.join(said)}" for state, said in groups.items() if said)


def _parts(record: Record, fitting: Sequence[Certificate]) -> Iterator[_Part]:
    """Each part of what a row claims, and what is proven of it."""
    case, rule = record.case, record.case.recipe.update_rule
    networks = [one for one in fitting if not one.rules]
    rules = [one for one in fitting if one.rules]
    exact = [one for one in networks if one.precision == "fp64"]
    exact_rules = [one for one in rules if one.precision == "fp64"]
    yield _part("network", exact, _NETWORK)
    if case.division == "idiomatic":
        known = exact_rules if case.recipe.optimizer == "sgd" else []
        yield _part(case.recipe.optimizer, known, (FIT_QUANTITY,))
    else:
        yield _part("gradients", exact, _GRADIENTS)
        yield _part("training steps", exact, _STEPS)
        yield _rule_part(case.recipe.optimizer, exact_rules, rule)
    if case.precision != "fp64":
        own = [one for one in networks if one.precision == case.precision]
        yield _part(f"{case.precision} outputs", own, _NETWORK)
        if case.division == "matched":
            own = [one for one in rules if one.precision == case.precision]
            yield _rule_part(f"{case.precision} steps", own, rule)


def _own_parts(record: Record) -> Iterator[_Part]:
    """What the run itself has proven."""
    for name in ("timed path", "evaluation"):
        proofs = [proof for proof in record.findings.proofs if proof.part == name]
        failed = [proof for proof in proofs if not proof.passed]
        error = max((proof.error or 0.0 for proof in proofs if proof.rounds), default=0.0)
        if failed:
            said = "; ".join(dict.fromkeys(proof.detail for proof in failed))
            yield _Part(name, _DIFFERS, said)
        elif not proofs:
            yield _Part(name, UNPROVEN)
        elif error:
            yield _Part(name, _ROUNDED, f"{error:.0e}")
        else:
            yield _Part(name, _EXACT)


def _part(name: str, certificates: Sequence[Certificate], quantities: Sequence[str]) -> _Part:
    """By the checks of these quantities in the certificate, if there is one."""
    for certificate in certificates:
        checks = [check for check in certificate.checks if check.quantity in quantities]
        return _judged(name, certificate, checks)
    return _Part(name, UNPROVEN)


def _rule_part(name: str, certificates: Sequence[Certificate], rule: UpdateRule) -> _Part:
    """By the checks of rules that together have all that this one asks for."""
    for certificate in certificates:
        missing, checks = _features(rule), []
        for quantity, tried in certificate.rules.items():
            check, shared = certificate.check(quantity), _features(tried) & missing
            if check and tried.optimizer == rule.optimizer and shared:
                missing -= shared
                checks.append(check)
        return _judged(name, certificate, [] if missing and checks else checks)
    return _Part(name, UNPROVEN)


def _judged(name: str, certificate: Certificate, checks: Sequence[Check]) -> _Part:
    if certificate.verdict in ("failed", "degenerate", "unsupported"):
        return _Part(name, "no proof", certificate.reason)
    wrong = [check for check in checks if not check.passed]
    if wrong:
        return _Part(name, _DIFFERS, "; ".join(map(_how_far, wrong)))
    if not checks:
        return _Part(name, UNPROVEN)
    if not certificate.source.digest:
        return _Part(name, "of unknown code")
    if certificate.precision == "fp64":
        return _Part(name, _EXACT)
    return _Part(name, _ROUNDED, f"{max(check.error or 0.0 for check in checks):.0e}")


def _how_far(check: Check) -> str:
    far = "not finite" if check.error is None else f"by {check.error:.1e}"
    return f"{check.quantity} {far} in {check.worst}"


def _features(rule: UpdateRule) -> set[str]:
    """What of an update rule is switched on."""
    found = {
        rule.optimizer: True,
        "nesterov": rule.nesterov,
        f"{rule.decay} decay": bool(rule.weight_decay),
        "decay of matrices": bool(rule.weight_decay) and rule.decayed == "matrices",
        "clipping": rule.clip_norm is not None,
        "micro-batches": rule.micro_batches > 1,
        "focal loss": bool(rule.focal_gamma),
        "average": rule.ema is not None,
    }
    return {name for name, is_on in found.items() if is_on}


def fits(record: Record, certificate: Certificate) -> bool:
    """Whether it is of the code, the versions and the configuration that ran."""
    case, findings, unknown = record.case, record.findings, Source()
    return (
        certificate.is_of(record)
        and findings.versions == certificate.versions
        and findings.sources.get("backend", unknown) == certificate.source
        and findings.sources.get("reference", unknown) == certificate.reference
        and _kind(case.device) == _kind(certificate.device)
        and (case.tier, case.division) == (certificate.tier, certificate.division)
        and certificate.precision in ("fp64", case.precision)
    )


def _kind(device: str) -> str:
    return device.partition(":")[0]
