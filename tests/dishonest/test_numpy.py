"""Dishonest backends on the NumPy reference: the process that runs catches each by name."""

import numpy as np
import pytest
from dishonest import sessions

from benchsuite.errors import BenchsuiteError
from benchsuite.measure.proofs import steps
from benchsuite.testing import NumpyBackend, NumpySession

NAMES = {
    *("timed logits", "rows of a timed batch", "no cache within the loop", "possible speed"),
    *("timed losses", "timed weights", "weights move"),
    *("loss of a step's part", "gradients of a step's part"),
}


def backend_of(*lies):
    session = type("Session", (*lies, NumpySession), {})
    return type("Backend", (NumpyBackend,), {"session_class": session})()


def test_honest_backend_proves_everything_that_it_times(prove_timing):
    proofs = prove_timing(backend_of())
    assert {proof.name for proof in proofs} == NAMES
    assert sessions.failed(proofs) == set()


@pytest.mark.parametrize("lie", sessions.TIMED)
def test_lie_about_what_is_timed_is_caught_by_name(prove_timing, lie):
    found = sessions.failed(prove_timing(backend_of(lie)))
    assert found >= sessions.TIMED[lie]


def test_backend_that_only_says_that_it_multiplies_allows_itself_nothing(prove_timing):
    class Multiplies(NumpyBackend):
        session_class = type("Session", (sessions.AnswersWhilePlacing, NumpySession), {})

        def multiply(self, setup, size):
            work = super().multiply(setup, size)
            work.submit = lambda: np.zeros((size, size), np.float32)
            return work

    with pytest.raises(BenchsuiteError, match="something else than the product"):
        prove_timing(Multiplies())


def test_honest_backend_proves_its_evaluation(prove_evaluation):
    findings, reason = prove_evaluation(backend_of())
    assert {proof.name for proof in findings.proofs} == {
        *("order", "labels", "known images", "batch size")
    }
    assert (sessions.failed(findings.proofs), reason) == (set(), "")
    assert findings.training.test


@pytest.mark.parametrize("lie", sessions.EVALUATED)
def test_lie_about_what_is_evaluated_is_caught_by_name(
    prove_evaluation, list_of_images, monkeypatch, lie
):
    monkeypatch.setattr(sessions, "KNOWN", list_of_images)
    findings, reason = prove_evaluation(backend_of(lie))
    assert sessions.failed(findings.proofs) >= sessions.EVALUATED[lie]
    assert reason.startswith("its test figures are refused: ")
    assert findings.training.test == {}


@pytest.mark.parametrize(
    ("lie", "names"),
    [
        (None, set()),
        (sessions.NoSteps, {"timed losses", "weights move"}),
        (sessions.HalfTheRate, {"timed losses"}),
        (sessions.HalfPrecisionInSteps, {"timed losses"}),
    ],
)
def test_slow_steps_are_proven_by_their_losses(prove_timing, monkeypatch, lie, names):
    monkeypatch.setattr(steps, "_QUICK_S", 0.0)
    proofs = prove_timing(backend_of(lie) if lie else backend_of())
    assert "timed weights" not in {proof.name for proof in proofs}
    assert sessions.failed(proofs) >= names
    assert bool(names) == bool(sessions.failed(proofs))
