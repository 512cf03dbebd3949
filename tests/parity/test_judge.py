"""Verdicts: what is exact, what is close enough, and what differs."""

from benchsuite.parity.certify import judge
from benchsuite.parity.worker import Answer
from benchsuite.records.certificate import Check

REFERENCE = Answer()


def answer(**errors):
    tolerances = {"logits": 1e-5, "counts": 0.0}
    return Answer(
        checks=tuple(
            Check(
                quantity=quantity,
                tensors=1,
                error=error,
                tolerance=tolerances.get(quantity),
                worst="one",
            )
            for quantity, error in errors.items()
        )
    )


def test_errors_within_tolerances_hold():
    close = answer(logits=1e-6, counts=0.0)
    assert judge(close, REFERENCE, "fp64") == ("exact", "")
    assert judge(close, REFERENCE, "fp32") == ("within tolerance", "")


def test_error_without_tolerance_is_only_reported():
    assert judge(answer(logits=1e-6, gradients=0.5), REFERENCE, "fp32")[0] == "within tolerance"


def test_error_that_is_no_number_differs():
    verdict, reason = judge(answer(logits=None), REFERENCE, "fp64")
    assert (verdict, reason) == ("differs", "logits not finite, or of another shape, in one")


def test_degenerate_reference_proves_nothing():
    degenerate = Answer(degenerate=("bn.weight",))
    verdict, reason = judge(answer(logits=0.0), degenerate, "fp64")
    assert (verdict, reason) == ("degenerate", "without effect: bn.weight")


def test_unanswered_question_says_why():
    assert judge(Answer(status="failed", reason="no luck"), REFERENCE, "fp64") == (
        "failed",
        "no luck",
    )
    assert judge(Answer(status="unsupported"), REFERENCE, "fp64")[0] == "unsupported"
