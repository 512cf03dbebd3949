import numpy as np
import pytest

from benchsuite.contract.answers import (
    check_finite,
    check_finite_weights,
    check_logits,
    check_losses,
)
from benchsuite.errors import BenchsuiteError, NotFiniteError


def logits(dtype=np.float32, shape=(8, 10)):
    return np.zeros(shape, dtype)


@pytest.mark.parametrize(("precision", "dtype"), [("fp32", "f4"), ("bf16", "f4"), ("fp64", "f8")])
def test_logits_have_the_type_of_their_precision(precision, dtype):
    check_logits(logits(dtype), 8, 10, precision)
    check_logits(logits(dtype), 8, 10)

    other = "f8" if dtype == "f4" else "f4"
    with pytest.raises(BenchsuiteError, match="numbers of type"):
        check_logits(logits(other), 8, 10, precision)


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (logits(shape=(8, 11)), r"shape \(8, 11\), not \(8, 10\)"),
        (logits("f2"), "type float16, not float32"),
        ([[0.0]], "a list rather than a NumPy array"),
    ],
)
def test_logits_that_are_none_are_refused(found, message):
    with pytest.raises(BenchsuiteError, match=message):
        check_logits(found, 8, 10)


def test_every_step_has_one_loss():
    check_losses(np.zeros(3, np.float32), 3)
    with pytest.raises(BenchsuiteError, match=r"train\(\) gave an array of shape \(3,\)"):
        check_losses(np.zeros(3, np.float32), 4)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_counted_and_named(value):
    spoilt = logits()
    check_finite(spoilt)
    spoilt[0, :2] = value
    with pytest.raises(NotFiniteError, match="2 of 80 logits"):
        check_finite(spoilt)
    with pytest.raises(NotFiniteError, match=r"weights a, b, c, …"):
        check_finite_weights({**dict.fromkeys("abcd", spoilt), "sound": logits()})
