import pytest
from msgspec.structs import replace

from benchsuite.report.columns.columns import COLUMNS
from benchsuite.report.columns.quantities import significant
from benchsuite.report.leaderboard.ranks import ranks

BY_NAME = {column.name: column for column in COLUMNS}
LATENCY = BY_NAME["latency_batch1_p50_s"]
ACCURACY = BY_NAME["test_top1_fraction"]
ROUNDS = (2.00, 2.10, 1.90, 2.00, 2.10, 2.00, 1.90, 2.00, 2.10)


@pytest.fixture
def timed(make_record):
    """A function that makes a row of nine rounds, so many times slower than the others."""

    def make(backend, factor, *, protocol="full-1", rounds=9, **fields):
        seconds = tuple(factor * value for value in ROUNDS[:rounds])
        samples = {"latency": seconds}
        return make_record(backend=backend, samples=samples, protocol=protocol, **fields)

    return make


def places(rows, column, show=significant):
    found = ranks(rows, column, show)
    return [found.get(row.row_key) for row in rows]


def flagged(row, *flags):
    measurements = tuple(replace(m, flags=flags) for m in row.findings.measurements)
    return replace(row, findings=replace(row.findings, measurements=measurements))


def test_rounds_tell_rows_apart_whose_intervals_meet(timed):
    """One is 3 % slower in every round: medians vary by 5 %."""
    assert places([timed("slow", 1.03), timed("fast", 1.0)], LATENCY) == [2, 1]


def test_rows_that_no_verdict_sets_apart_share_a_rank_and_the_next_one_counts_both(timed):
    rows = [timed("a", 1.0), timed("b", 1.001), timed("slow", 2.0)]

    assert places(rows, LATENCY) == [1, 1, 3]


def test_many_verdicts_on_six_rounds_do_not_stand_their_correction(timed):
    """Each of three comparisons has a p-value of 0.031; one alone would do."""
    rows = [timed(name, factor, rounds=6) for name, factor in (("a", 1), ("b", 2), ("c", 3))]

    assert places(rows[:2], LATENCY) == [1, 2]
    assert places(rows, LATENCY) == [1, 1, 1]


@pytest.mark.parametrize("fields", [{"architecture": "mlp"}, {"run": "another"}, {"seed": 1}])
def test_rows_that_shared_no_rounds_are_apart_where_their_intervals_are(timed, fields):
    first = timed("a", 1.0)

    assert places([first, timed("b", 1.03, **fields)], LATENCY) == [1, 1]
    assert places([first, timed("b", 1.2, **fields)], LATENCY) == [1, 2]


def test_intervals_apart_are_no_difference_within_the_practical_margin(make_record):
    rows = [
        make_record(architecture=name, samples={"latency": (seconds,) * 6}, protocol="full-1")
        for name, seconds in (("a", 1.0), ("b", 1.015), ("c", 1.025))
    ]

    assert places(rows, LATENCY) == [1, 1, 2]


def test_higher_is_better_where_the_column_says_so(make_record):
    rows = [
        make_record(backend=name, samples={"training_throughput": (rate,) * 6}, protocol="full-1")
        for name, rate in (("slow", 1.0), ("fast", 2.0))
    ]

    assert places(rows, BY_NAME["training_throughput_images_per_s"]) == [2, 1]


def test_speed_without_an_interval_or_excluded_from_verdicts_has_no_place(timed, make_record):
    rows = [
        make_record(backend="tour"),
        flagged(timed("disturbed", 1.0), "contaminated"),
        flagged(timed("noisy", 1.0), "noisy"),
        timed("calm", 2.0),
        make_record(backend="failed", status="failed", training=None),
    ]

    assert places(rows, LATENCY) == [None, None, 1, 2, None]


def test_accuracies_within_their_wilson_intervals_share_a_rank(make_record):
    """Of 360 images, 333 are 0.8931 to 0.948, 311 up to 0.8954 and 310 up to 0.8930."""
    rows = [
        make_record(backend=name, test={"top1_fraction": count / 360})
        for name, count in (("a", 333), ("b", 311), ("c", 310))
    ]

    assert places(rows, ACCURACY) == [1, 1, 2]


def test_same_accuracies_are_apart_on_more_images(make_record):
    training = make_record().findings.training
    training = replace(training, split_sizes={"test": 10_000})
    rows = [
        make_record(backend=name, training=training, test={"top1_fraction": share})
        for name, share in (("a", 0.925), ("b", 0.88))
    ]

    assert places(rows, ACCURACY) == [1, 2]


def test_figures_without_an_interval_tie_where_they_look_alike(make_record):
    rows = [
        make_record(backend=name, test={"loss_nats": loss})
        for name, loss in (("a", 0.3001), ("b", 0.3002), ("c", 0.31))
    ]

    assert places(rows, BY_NAME["test_loss_nats"]) == [1, 1, 3]


def test_mismatched_row_has_no_place(make_record):
    rows = [
        make_record(backend="a"),
        make_record(backend="b"),
        make_record(backend="c", digests={"order": "x" * 64}),
    ]

    assert places(rows, ACCURACY) == [1, 1, None]


def test_column_without_a_better_end_is_refused():
    with pytest.raises(ValueError, match="'seed' has no better end"):
        ranks([], BY_NAME["seed"], significant)
