import numpy as np
import pytest

from benchsuite.records.predictions import Predictions, write_predictions
from benchsuite.report.comparison.judge import judge
from benchsuite.report.comparison.metrics import metrics_named
from benchsuite.report.comparison.pairing import pair_sides, pair_within
from benchsuite.report.comparison.rows import read_side
from benchsuite.report.leaderboard import write_csv

LATENCY = metrics_named(["latency"])
TOP1 = metrics_named(["top1"])


def only(first, second, columns=LATENCY):
    (finding,) = judge(pair_sides([first], [second]).pairs, columns)
    return finding


@pytest.mark.parametrize(
    ("latency", "answer"),
    [(1.1, "worse"), (0.9, "better"), (1.001, "same"), (1.045, "inconclusive")],
)
def test_two_runs_are_compared_by_their_processes(make_row, latency, answer):
    found = only(make_row(run="a"), make_row(run="b", latency=latency))

    assert found.answer == answer
    assert found.change == pytest.approx(latency, abs=0.01)
    assert found.low < found.change < found.high
    assert found.how == "9 and 9 processes, with their anchors"


def test_higher_throughput_is_better(make_row):
    columns = metrics_named(["throughput"])
    more = {"inference_throughput": tuple(1200.0 + n for n in range(9))}
    less = {"inference_throughput": tuple(1000.0 + n for n in range(9))}

    assert only(
        make_row(run="a", samples=less), make_row(run="b", samples=more), columns
    ).answer == ("better")


def test_slower_machine_is_no_slower_network(make_row):
    """The anchor takes verdicts away …"""
    found = only(make_row(run="a"), make_row(run="b", latency=1.1, anchor=1.1))

    assert found.answer == "inconclusive"
    assert found.low < 1 < found.high


def test_other_anchor_alone_makes_no_verdict(make_row):
    """… and never makes one."""
    found = only(make_row(run="a"), make_row(run="b", anchor=1.1))

    assert found.answer == "inconclusive"
    assert found.change == pytest.approx(1.0, abs=0.01)


def test_smallest_visible_difference_of_the_machine_is_heeded(make_row, marked):
    slow = marked(make_row(run="b", latency=1.1), margin=0.15)

    assert only(make_row(run="a"), slow).answer == "same"


def test_rounds_of_one_run_pair(make_row):
    # the machine drifts by far more than the backends differ
    drifting = np.linspace(1, 2, 9)
    rows = [
        make_row(backend=backend, samples={"latency": tuple((drifting * factor).tolist())})
        for backend, factor in (("torch", 1.0), ("keras", 1.03))
    ]

    (finding,) = judge(pair_within(rows, "backend").pairs, LATENCY)

    assert finding.answer == "worse"
    assert finding.how == "9 paired rounds"
    assert finding.change == pytest.approx(1.03)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"device_name": "Other CPU"}, "device_name: Test CPU against Other CPU"),
        ({"protocol": "full-0"}, "protocol: full-1 against full-0"),
        ({"samples": {"latency": ()}}, "B: not measured"),
        ({"status": "failed", "reason": "no luck"}, "B failed: no luck"),
    ],
)
def test_what_may_not_be_compared_has_its_reason(make_row, facts, reason):
    found = only(make_row(run="a"), make_row(run="b", **facts))

    assert (found.answer, found.how) == ("not comparable", reason)


@pytest.mark.parametrize("digest", ["data", "split", "order", "initial_weights"])
def test_other_digests_forbid_accuracy_and_not_speed(make_row, digest):
    pair = make_row(run="a"), make_row(run="b", digests={digest: "x" * 64})

    assert only(*pair, TOP1).how == f"other {digest}_digest"
    assert only(*pair).answer == "same"


def test_other_timed_batches_forbid_their_throughput_and_no_other(make_row):
    pair = make_row(run="a"), make_row(run="b", inference_batch_size=8)

    found = only(*pair, metrics_named(["throughput"]))
    assert found.how == "inference_batch_size: 64 against 8"
    assert only(*pair).answer == "same"


def test_disqualified_figure_is_not_compared(make_row, marked):
    found = only(make_row(run="a"), marked(make_row(run="b"), flags=("noisy", "drift")))

    assert (found.answer, found.how) == ("not comparable", "B: drift")


@pytest.mark.parametrize("protocol", ["tour-2", "quick-1"])
def test_protocol_without_verdicts_gives_an_indication(make_row, protocol):
    found = only(*(make_row(run=run, protocol=protocol) for run in "ab"))

    assert (found.answer, found.how) == ("indicative", f"{protocol} gives no verdicts")


def test_csv_is_compared_by_its_intervals(make_row, tmp_path):
    slow = make_row(run="b", latency=1.2)
    write_csv([slow.record], tmp_path / "b.csv")
    (row,) = read_side(tmp_path / "b.csv")

    found = only(make_row(run="a"), row)

    assert (found.answer, found.how) == ("worse", "two intervals")
    assert found.low == pytest.approx(1.2 * 0.993 / 1.007)
    assert found.high == pytest.approx(1.2 * 1.007 / 0.993)


def test_many_comparisons_need_more_evidence(make_row):
    """Nine against nine processes: two in 48620 is not enough for thousands."""
    first = [make_row(run="a", seed=seed) for seed in range(3)]
    second = [make_row(run="b", seed=seed, latency=1.1) for seed in range(3)]
    pairs = pair_sides(first, second).pairs

    assert {finding.answer for finding in judge(pairs, LATENCY)} == {"worse"}
    many = judge(pairs * 500, LATENCY)
    assert {finding.answer for finding in many} == {"inconclusive"}
    assert many[0].how.endswith("may be chance among 1500 (Holm)")


def predict(row, right):
    """Predictions of 400 images, of which the first so many are right."""
    row.predictions.parent.mkdir(parents=True, exist_ok=True)
    labels = np.zeros(400, int)
    predicted = (np.arange(400) >= right).astype(int)
    found = Predictions(np.arange(400), labels, predicted, np.zeros(400))
    write_predictions(row.predictions, found)


def test_predictions_of_the_same_images_pair(make_row):
    pair = [
        make_row(run=run, test={"top1_fraction": share}) for run, share in (("a", 0.9), ("b", 0.93))
    ]
    unpaired = only(*pair, TOP1)
    for row, right in zip(pair, (360, 372), strict=True):
        predict(row, right)

    found = only(*pair, TOP1)

    assert (unpaired.answer, unpaired.how) == ("inconclusive", "Newcombe, 360 images each")
    assert found.answer == "better"
    assert found.how == "McNemar, bootstrap of 400 paired images"
    assert found.change == pytest.approx(0.03)
    assert found.low > 0 > unpaired.low


def test_seeds_that_pair_give_their_mean_too(make_row):
    sides = [
        [
            make_row(run=run, seed=seed, test={"top1_fraction": share + seed / 100})
            for seed in range(4)
        ]
        for run, share in (("a", 0.8), ("b", 0.9))
    ]

    *single, mean = judge(pair_sides(*sides).pairs[:4], TOP1)
    found = [f for f in (*single, mean) if f.seeds]

    assert [(f.seeds, f.how) for f in found] == [("0, 1, 2, 3", "t-test of 4 paired seeds")]
    assert found[0].answer == "better"
    assert found[0].change == pytest.approx(0.1)


def test_figure_that_neither_has_is_no_comparison(make_row):
    pair = [make_row(run=run) for run in "ab"]

    assert judge(pair_sides(pair[:1], pair[1:]).pairs, metrics_named(["energy"])) == []


def test_figure_of_one_process_is_an_indication(make_row):
    found = only(make_row(run="a"), make_row(run="b"), metrics_named(["memory"]))

    assert (found.answer, found.change, found.low) == ("indicative", 1.0, None)
