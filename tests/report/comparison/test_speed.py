import numpy as np
import pytest

from benchsuite.report.comparison.judge import judge
from benchsuite.report.comparison.metrics import metrics_named
from benchsuite.report.comparison.pairing import pair_within
from benchsuite.report.comparison.rows import read_side
from benchsuite.report.leaderboard.rows import write_csv

LATENCY = metrics_named(["latency"])


@pytest.mark.parametrize(
    ("latency", "answer"),
    [(1.1, "worse"), (0.9, "better"), (1.001, "same"), (1.045, "inconclusive")],
)
def test_two_runs_are_compared_by_their_processes(compare, make_row, latency, answer):
    found = compare(make_row(run="a"), make_row(run="b", latency=latency))

    assert found.answer == answer
    assert found.change == pytest.approx(latency, abs=0.01)
    assert found.low < found.change < found.high
    assert found.how == "9 and 9 processes, with their anchors"


def test_slower_machine_is_no_slower_network(compare, make_row):
    """The anchor takes verdicts away …"""
    found = compare(make_row(run="a"), make_row(run="b", latency=1.1, anchor=1.1))

    assert found.answer == "inconclusive"
    assert found.low < 1 < found.high


def test_other_anchor_alone_makes_no_verdict(compare, make_row):
    """… and never makes one."""
    found = compare(make_row(run="a"), make_row(run="b", anchor=1.1))

    assert found.answer == "inconclusive"
    assert found.change == pytest.approx(1.0, abs=0.01)


def test_smallest_visible_difference_of_the_machine_is_heeded(compare, make_row, marked):
    slow = marked(make_row(run="b", latency=1.1), margin=0.15)

    assert compare(make_row(run="a"), slow).answer == "same"


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


def test_machine_that_slows_a_network_twice_as_much_makes_no_verdict(compare, make_row):
    found = compare(make_row(run="a"), make_row(run="b", latency=1.2, anchor=1.1))

    assert found.answer == "inconclusive"
    assert found.low < 1 < found.high


@pytest.mark.parametrize("latency", [1.5, 1.0])
def test_runs_without_an_anchor_have_no_verdict(compare, make_row, latency):
    """Neither `worse` nor `same`: nothing tells whether the machine was the same."""
    bare = make_row(run="b", latency=latency, samples={"anchor": (0.002,) * 3})
    how = "9 and 9 processes, without an anchor, which would tell a slower machine"

    found = compare(make_row(run="a"), bare)

    assert (found.answer, found.p_value, found.how) == ("indicative", None, how)
    assert found.low < found.change < found.high


def test_anchor_is_that_of_the_same_process(compare, make_row):
    """A figure of some of the processes alone has an anchor, too."""
    sides = [
        make_row(run=run, samples={"latency": tuple(0.001 * factor + n * 1e-6 for n in range(6))})
        for run, factor in (("a", 1.0), ("b", 1.2))
    ]

    found = compare(*sides)

    assert (found.answer, found.how) == ("worse", "6 and 6 processes, with their anchors")


def test_rounds_that_follow_each_other_give_no_verdict(make_row):
    climbing = np.linspace(1.1, 1.3, 9)
    rows = [
        make_row(backend=backend, samples={"latency": tuple(times)})
        for backend, times in (("torch", [1.0] * 9), ("keras", climbing.tolist()))
    ]

    (finding,) = judge(pair_within(rows, "backend").pairs, LATENCY)

    assert (finding.answer, finding.how) == ("inconclusive", "9 paired rounds, autocorrelated")
    assert finding.low > 1.02


def test_csv_is_compared_by_its_intervals(compare, make_row, tmp_path):
    slow = make_row(run="b", latency=1.2)
    write_csv([slow.record], tmp_path / "b.csv")
    (row,) = read_side(tmp_path / "b.csv")

    found = compare(make_row(run="a"), row)

    how = "two intervals, without an anchor, which would tell a slower machine"
    assert (found.answer, found.how) == ("indicative", how)
    assert found.low == pytest.approx(1.2 * 0.993 / 1.007)
    assert found.high == pytest.approx(1.2 * 1.007 / 0.993)
