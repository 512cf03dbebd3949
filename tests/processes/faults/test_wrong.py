"""A wrong answer is named: it never becomes a figure."""

import pytest

pytestmark = pytest.mark.faults

DIVERGED = "train: training diverged after step 4: "
REASONS = {
    "wide": "memory: predict() gave an array of shape (8, 11), not (8, 10)",
    "flat": "memory: predict() gave an array of shape (80,), not (8, 10)",
    "halves": "memory: predict() gave numbers of type float16, not float32",
    "doubles": "memory: predict() gave numbers of type float64, not float32",
    "integers": "memory: predict() gave numbers of type int64, not float32",
    "lists": "memory: predict() gave a list rather than a NumPy array",
    "nothing": "memory: predict() gave a NoneType rather than a NumPy array",
    "nans": "memory: 80 of 80 logits are NaN or infinite",
    "infinite": "memory: 1 of 80 logits are NaN or infinite",
    "onesize": "memory: predict() gave an array of shape (8, 10), not (1, 10)",
    "fewlosses": "train: train() gave an array of shape (0,), not (1,)",
    "manylosses": "train: train() gave an array of shape (2, 1), not (1,)",
    "onelossalone": "train: train() gave a float rather than a NumPy array",
    "wholelosses": "train: train() gave numbers of type int64, not float32",
    "infinitelosses": "train: training diverged: the loss of step 1 is inf; a lower learning rate",
    "losesitsweights": f"{DIVERGED}16 of 32 logits are NaN or infinite",
    "hidesitsweights": f"{DIVERGED}NaN or infinity in the weights fc.bias",
    "blind": f"{DIVERGED}32 of 32 logits are NaN or infinite",
    "blindintheend": f"{DIVERGED}80 of 80 logits are NaN or infinite",
}


@pytest.mark.parametrize("backend", REASONS)
def test_wrong_answer_is_one_record_that_names_it(run_cases, backend):
    (record,) = run_cases([backend]).records

    assert record.status == "failed"
    assert record.reason.startswith(REASONS[backend])
    training = record.findings.training
    assert training is None or (training.ended, training.test) == ("diverged", {})
    assert record.measurement("inference_throughput") is None


def test_rivals_of_a_wrong_answer_are_measured(run_cases):
    run = run_cases(["wide", "nans", "numpy-linear"])

    statuses = {record.case.backend: record.status for record in run.records}
    assert statuses == {"wide": "failed", "nans": "failed", "numpy-linear": "ok"}
