"""`benchsuite run` on the terminal; what a run does is `tests/run`'s matter."""

import pytest

PLUGIN = ("-p", "benchsuite.reference.plugin")


@pytest.fixture
def run(benchsuite, tmp_path):
    asked = ("--archs", "mlp", "--backends", "numpy", "--epochs", "1", "--limit", "200")
    return lambda *options: benchsuite(
        *PLUGIN, "run", *asked, "--results", tmp_path / "results", *options
    )


def test_run_says_what_the_budget_left_undone(run):
    found = run("--protocol", "smoke", "--seeds", "0,1", "--budget", "0.1s")

    assert found.exit_code == 0, found.stderr
    assert "given up for the budget: 2 cases that were not begun" in found.stdout


def test_run_tells_the_ways_of_computing_apart(run):
    found = run("--protocol", "smoke", "--precisions", "fp32,fp64")

    assert found.exit_code == 0, found.stderr
    assert "mlp on numpy: ok" in found.stderr
    assert "mlp on numpy fp64: ok" in found.stderr
    titles = [line for line in found.stdout.splitlines() if line.startswith("table ")]
    assert titles == ["table 1 of 2: precision fp32", "table 2 of 2: precision fp64"]


def test_quick_is_a_protocol(benchsuite):
    asked = ("plan", "--archs", "mlp", "--backends", "numpy", "--quick")

    assert "protocol quick-1" in benchsuite(*PLUGIN, *asked).stdout


def test_run_goes_on(run, benchsuite, tmp_path):
    run("--protocol", "smoke", "--seeds", "0,1", "--budget", "0.1s")
    (folder,) = (tmp_path / "results" / "runs").iterdir()
    asked = (*PLUGIN, "run", "--resume", folder.name, "--results", tmp_path / "results")
    found = benchsuite(*asked)
    again = benchsuite(*asked)

    assert found.exit_code == 0, found.stderr
    assert found.stderr.count("mlp on numpy: ok") == 2
    assert "2 cases in 2 invocations, the last of 0 min" in found.stdout
    assert "2 cases in 3 invocations, the last of 0 min" in again.stdout
    assert "kept: 2 cases that had ended" in again.stderr
    assert "mlp on numpy: ok" not in again.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--resume", "nothing"), "no run 'nothing', neither as a folder nor in"),
        (("--resume", ".", "--archs", "mlp"), "the run's own options hold; leave out --archs"),
        (("--resume", ".", "--retry", "ok"), "--retry takes failed, timeout, oom, unsupported"),
        (("--retry", "failed"), "--retry goes with --resume RUN"),
    ],
)
def test_run_refuses_to_go_on(benchsuite, options, message):
    found = benchsuite("run", *options)

    assert found.exit_code == 2
    assert message in found.stderr
