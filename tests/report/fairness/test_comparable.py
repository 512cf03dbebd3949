import pytest
from msgspec.structs import replace

from benchsuite.report.columns.columns import COLUMNS
from benchsuite.report.columns.quantities import significant
from benchsuite.report.fairness.comparable import best, mismatched

BY_NAME = {column.name: column for column in COLUMNS}
LATENCY = BY_NAME["latency_batch1_p50_s"]
ACCURACY = BY_NAME["test_top1_fraction"]


@pytest.fixture
def make_record(make_record):
    """Rows of nine rounds."""
    return lambda **fields: make_record(**{"protocol": "full-1", **fields})


def nine(seconds):
    """A latency of nine rounds, which are not the same, but the same for every row."""
    return {"latency": tuple(seconds * (1 + number / 1000) for number in range(9))}


def backends(records, found):
    return sorted(record.case.backend for record in records if record.row_key in found)


@pytest.fixture
def comparable(make_record):
    """Three backends; b is the fastest, c the most accurate."""
    return [
        make_record(backend="a", samples=nine(3.0), test={"top1_fraction": 0.5}),
        make_record(backend="b", samples=nine(1.0), test={"top1_fraction": 0.6}),
        make_record(backend="c", samples=nine(2.0), test={"top1_fraction": 0.7}),
    ]


def test_best_is_the_lowest_or_the_highest_as_the_column_says(comparable):
    assert backends(comparable, best(comparable, LATENCY, significant)) == ["b"]
    assert backends(comparable, best(comparable, ACCURACY, significant)) == ["c"]


def test_best_is_shared_by_figures_that_look_alike(comparable, make_record):
    tied = [*comparable, make_record(backend="d", samples=nine(1.0004))]

    assert backends(tied, best(tied, LATENCY, significant)) == ["b", "d"]


def test_best_is_shared_by_all_that_no_verdict_sets_apart(comparable, make_record):
    wild = {"latency": (1.5, 0.9, 1.4, 1.0, 1.6, 0.8, 1.1, 1.3, 1.2)}
    tied = [*comparable, make_record(backend="d", samples=wild)]

    assert backends(tied, best(tied, LATENCY, significant)) == ["b", "d"]


def test_best_accuracy_is_shared_where_other_images_might_have_it_otherwise(
    comparable, make_record
):
    near = make_record(backend="d", test={"top1_fraction": 0.66})

    assert backends([*comparable, near], best([*comparable, near], ACCURACY, significant)) == [
        "c",
        "d",
    ]


def test_best_of_speed_is_each_runs_own(comparable, make_record):
    other = make_record(backend="d", run="run-2", samples=nine(0.5))
    slower = make_record(backend="e", run="run-2", samples=nine(0.6))

    assert backends([*comparable, other], best([*comparable, other], LATENCY, significant)) == ["b"]
    rows = [*comparable, other, slower]
    assert backends(rows, best(rows, LATENCY, significant)) == ["b", "d"]


@pytest.mark.parametrize("protocol", ["tour-2", "quick-1", "tour-1"])
def test_best_of_speed_is_nobody_without_verdicts(make_record, protocol):
    rows = [
        make_record(backend=b, samples=nine(s), protocol=protocol) for b, s in (("a", 1), ("b", 2))
    ]

    assert best(rows, LATENCY, significant) == set()


def test_best_is_of_two_at_least(comparable, make_record):
    assert best(comparable[:1], LATENCY, significant) == set()
    blank = make_record(backend="d", samples={"latency": ()})
    assert best([comparable[0], blank], LATENCY, significant) == set()


def test_best_is_of_columns_that_have_a_better_side(comparable):
    assert best(comparable, BY_NAME["parameters"], significant) == set()


def test_best_is_of_rows_that_ended_well(comparable, make_record):
    failed = make_record(backend="d", status="failed", reason="late", test={"top1_fraction": 0.9})

    assert backends([*comparable, failed], best([*comparable, failed], ACCURACY, significant)) == [
        "c"
    ]
    assert best([comparable[0], failed], ACCURACY, significant) == set()


@pytest.mark.parametrize(
    "other",
    [
        {"architecture": "resnet18"},
        {"division": "idiomatic"},
        {"tier": "compiled"},
        {"precision": "fp64"},
        {"protocol": "quick-1"},
        {"device": "cuda:0"},
        {"device_name": "Another CPU"},
        {"threads": 1},
        {"seed": 1},
        {"dataset": "mnist"},
        {"inference_batch_size": 32},
        {"input_shape": (32, 32, 1)},
        {"origin": "native"},
    ],
)
def test_best_is_never_judged_across_other_terms(comparable, make_record, other):
    faster = make_record(backend="d", samples=nine(0.1), **other)

    records = [*comparable, faster]

    assert backends(records, best(records, LATENCY, significant)) == ["b"]
    assert mismatched(records) == set()


@pytest.mark.parametrize(
    "digest", ["data", "split", "order", "initial_weights", "train_fingerprint"]
)
def test_rows_with_another_digest_are_outsiders_and_never_best(comparable, make_record, digest):
    stranger = make_record(backend="d", samples=nine(0.1), digests={digest: "other"})

    records = [*comparable, stranger]

    assert backends(records, mismatched(records)) == ["d"]
    assert backends(records, best(records, LATENCY, significant)) == ["b"]


def test_rows_of_another_network_are_outsiders(comparable, make_record):
    size = replace(make_record().findings.size, fingerprint="other")
    records = [*comparable, make_record(backend="d", size=size)]

    assert backends(records, mismatched(records)) == ["d"]


def test_two_rows_that_disagree_are_both_outsiders(make_record):
    records = [
        make_record(backend="a", samples=nine(1.0)),
        make_record(backend="b", samples=nine(2.0), digests={"order": "other"}),
    ]

    assert backends(records, mismatched(records)) == ["a", "b"]
    assert best(records, LATENCY, significant) == set()


def test_failed_rows_are_no_outsiders(comparable, make_record):
    records = [*comparable, make_record(backend="d", status="failed", reason="late", training=None)]

    assert mismatched(records) == set()


def test_figure_of_another_batch_is_never_the_best(make_record):
    def training(factor, flags=()):
        values = tuple(400 * factor * (1 + number / 1000) for number in range(9))
        record = make_record(backend=f"x{factor}", samples={"training_throughput": values})
        changed = tuple(
            replace(m, flags=flags) if m.metric == "training_throughput" else m
            for m in record.findings.measurements
        )
        return replace(record, findings=replace(record.findings, measurements=changed))

    column = BY_NAME["training_throughput_images_per_s"]
    rows = [training(1), training(2), training(3, ("backed_off",))]

    assert backends(rows, best(rows, column, significant)) == ["x2"]
    assert backends(rows[1:], best(rows[1:], column, significant)) == []


def test_figure_that_was_refused_is_never_the_best(comparable, make_record):
    refused = make_record(backend="d", samples=nine(-1.0))
    latency = replace(refused.findings.measurements[0], value=None, refused="a difference")
    findings = replace(refused.findings, measurements=(latency,))
    rows = [*comparable, replace(refused, findings=findings)]

    assert backends(rows, best(rows, LATENCY, significant)) == ["b"]
