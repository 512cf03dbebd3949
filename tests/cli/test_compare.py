import json

import pytest

from benchsuite.records import RunStore


@pytest.fixture
def store(tmp_path, make_record):
    """A function that stores a case of a run, so many times as slow as usual."""

    def store(run, factor, *, anchored=True, **facts):
        samples = {"latency": tuple(factor * (0.001 + n * 1e-6) for n in range(9))}
        if anchored:
            samples["anchor"] = tuple(0.002 + n * 1e-6 for n in range(9))
        record = make_record(run=run, protocol="full-1", samples=samples, **facts)
        RunStore(tmp_path / "results", run).write(record)

    return store


@pytest.fixture
def stored(tmp_path, store):
    """Run `b` is ten per cent slower than run `a`, in one of two cases."""
    store("a", 1.0)
    store("a", 1.0, seed=1)
    store("b", 1.1)
    store("b", 1.0, seed=1)
    store("b", 1.0, seed=2)
    return tmp_path / "results" / "runs"


def test_compare_shows_what_changed_and_succeeds(benchsuite, stored):
    result = benchsuite("compare", stored / "a", stored / "b", "--metrics", "latency")

    assert result.exit_code == 0
    assert "+10.0 %" in result.stdout
    assert result.stdout.splitlines()[-1] == ("2 comparisons: 1 worse, 1 same, 1 only in B")


def test_gate_fails_with_a_table_of_what_regressed(benchsuite, stored):
    result = benchsuite("compare", "a", "b", "--fail-on", "latency>+5%")

    assert result.exit_code == 1
    table = result.stdout.partition("regressed (latency>+5%):\n\n")[2]
    assert len(table.splitlines()) == 2
    assert "worse" in table


def test_gate_holds_where_nothing_regressed(benchsuite, stored):
    result = benchsuite("compare", "a", "b", "--fail-on", "latency>+20%", "--format", "json")

    assert result.exit_code == 0
    assert result.stderr.splitlines()[-1] == "no regression (latency>+20%)"
    assert len(json.loads(result.stdout)) == 3


def test_gate_without_an_anchor_is_always_open_and_refused(benchsuite, store, stored):
    """Half as slow again: nothing tells whether the machine was."""
    store("c", 1.5, anchored=False)
    shown = benchsuite("compare", "a", "c", "--metrics", "latency")
    gated = benchsuite("compare", "a", "c", "--fail-on", "latency>+5%")

    assert shown.exit_code == 0
    assert "+50.0 %" in shown.stdout
    assert shown.stdout.splitlines()[-1] == "1 comparison: 1 indicative, 1 only in A"
    assert gated.exit_code == 2
    assert gated.stderr == (
        "error: 'latency>+5%' can decide nothing here: 9 and 9 processes, without an anchor, "
        "which would tell a slower machine\n"
    )


def test_gate_that_could_decide_nothing_is_refused(benchsuite, stored):
    result = benchsuite("compare", "a", "b", "--fail-on", "energy>+5%", "--metrics", "latency")

    assert result.exit_code == 2
    assert result.stderr == "error: 'energy>+5%' can decide nothing here: no pair has energy\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("a",), "name two runs, as in 'compare A B'"),
        (("a", "b", "--by", "backend"), "name two runs, as in 'compare A B'"),
        (("a", "b", "--baseline", "torch"), "name two runs, as in 'compare A B'"),
        (("a", "nowhere"), "no results at 'nowhere'"),
        (("a", "--by", "backend"), "no two rows of 'a' differ in backend alone"),
        (("a", "b", "--metrics", "energy"), "no pair of cases has energy_per_image_j"),
        (("a", "b", "--fail-on", "latency"), "'latency' is not a condition"),
    ],
)
def test_what_cannot_be_compared_is_refused(benchsuite, stored, arguments, message):
    result = benchsuite("compare", *arguments)

    assert result.exit_code == 2
    assert message in result.stderr


def test_runs_without_a_common_case_are_refused(benchsuite, stored, make_record, tmp_path):
    RunStore(tmp_path / "results", "c").write(make_record(run="c", architecture="mlp"))

    result = benchsuite("compare", "a", "c")

    assert result.exit_code == 2
    assert "no case of 'a' is in 'c' too" in result.stderr


def test_backends_of_one_run_are_compared(benchsuite, stored, make_record, tmp_path):
    for backend in ("keras-jax", "torch"):
        RunStore(tmp_path / "results", "c").write(make_record(run="c", backend=backend))

    result = benchsuite("compare", "c", "--by", "backend", "--format", "markdown")

    assert result.exit_code == 0
    assert "| keras-jax → torch |" in result.stdout
