"""From errors to a verdict."""

from __future__ import annotations

from collections.abc import Sequence

from benchsuite.parity.worker import Answer
from benchsuite.records.certificate import Check, Verdict

#: Where numbers are rounded, a backend may be so many times as far from float64 as another.
_TIMES_ANOTHERS = 3.0


def judge(
    answer: Answer, reference: Answer, precision: str, others: Sequence[Answer] = ()
) -> tuple[Verdict, str]:
    """The verdict and its reason; `others` are other backends' answers to the same question."""
    if answer.status != "ok":
        return ("unsupported" if answer.status == "unsupported" else "failed"), answer.reason
    if reference.degenerate:
        return "degenerate", f"without effect: {', '.join(reference.degenerate)}"
    failed = [check for check in answer.checks if not check.passed]
    if not failed:
        return ("exact" if precision == "fp64" else "within tolerance"), ""
    reason = "; ".join(_explain(check) for check in failed)
    if precision != "fp64" and all(_no_worse_than_another(check, others) for check in failed):
        return "within tolerance", f"{reason}; another backend's error is of that size too"
    return "differs", reason


def logits_error(answer: Answer) -> float | None:
    """The error of the logits, where there is one."""
    return next((check.error for check in answer.checks if check.quantity == "logits"), None)


def _no_worse_than_another(check: Check, others: Sequence[Answer]) -> bool:
    if check.quantity != "logits" or check.error is None:
        return False
    errors = [error for error in map(logits_error, others) if error is not None]
    return any(check.error <= _TIMES_ANOTHERS * error for error in errors)


def _explain(check: Check) -> str:
    if check.error is None:
        return f"{check.quantity} not finite, or of another shape, in {check.worst}"
    allowed = f"allowed {check.tolerance:g}"
    return f"{check.quantity} by {check.error:.1e} in {check.worst} ({allowed})"
