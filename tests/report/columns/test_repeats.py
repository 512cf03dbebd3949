import pytest

from benchsuite.report.columns.columns import COLUMNS
from benchsuite.report.columns.repeats import mean_and_interval, repeats_in

TOP1 = next(column for column in COLUMNS if column.name == "test_top1_fraction")


def test_records_that_differ_in_the_seed_alone_are_repeats(make_record):
    records = [make_record(seed=seed, test={"top1_fraction": seed / 10}) for seed in (1, 2, 3)]
    (repeats,) = repeats_in(records)
    assert repeats.records == records
    assert repeats.values(TOP1) == [0.1, 0.2, 0.3]


def test_folds_are_repeats(make_record):
    (repeats,) = repeats_in([make_record(fold=(0, 2)), make_record(fold=(1, 2))])
    assert [record.case.fold for record in repeats.records] == [(0, 2), (1, 2)]


@pytest.mark.parametrize(
    "other",
    [
        {"backend": "keras-jax"},
        {"dataset": "mnist"},
        {"division": "idiomatic"},
        {"precision": "bf16"},
        {"run": "another"},
        {"device_name": "Another CPU"},
        {"status": "failed", "reason": "out of luck"},
    ],
)
def test_records_that_differ_in_more_are_none(make_record, other):
    assert repeats_in([make_record(seed=0), make_record(seed=1, **other)]) == []


def test_a_single_record_is_none(make_record):
    assert repeats_in([make_record()]) == []


def test_interval_is_student_s():
    """Of 1, 2, 3: the quantile of two degrees of freedom is 4.303, the deviation one."""
    middle, half = mean_and_interval([1.0, 2.0, 3.0])
    assert middle == 2.0
    assert half == pytest.approx(4.302653 / 3**0.5)
