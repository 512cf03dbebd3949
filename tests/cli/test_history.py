import pytest

from benchsuite.records import RunStore


@pytest.fixture
def stored(tmp_path, make_record):
    """Three runs of two backends."""
    for run in ("r1", "r2", "r3"):
        for backend in ("torch", "keras-jax"):
            RunStore(tmp_path / "results", run).write(make_record(run=run, backend=backend))


def test_history_shows_all_runs_by_default(benchsuite, stored):
    result = benchsuite("history")

    assert result.exit_code == 0
    header, *rows = result.stdout.splitlines()
    assert header.split()[:4] == ["architecture", "backend", "runs", "latency"]
    assert [row.split()[:4] for row in rows] == [
        ["lenet5", "keras-jax", "3", "▅▅▅"],
        ["lenet5", "torch", "3", "▅▅▅"],
    ]


def test_history_is_of_what_is_asked_for(benchsuite, stored):
    lines = benchsuite("history", "--metric", "top1", "--backends", "keras*").stdout.splitlines()

    assert len(lines) == 2
    assert "keras-jax" in lines[1]


@pytest.mark.parametrize("arguments", [("--archs", "mlp"), ("--metric", "energy")])
def test_history_of_nothing_is_refused(benchsuite, stored, arguments):
    result = benchsuite("history", *arguments)

    assert result.exit_code == 2
    assert result.stderr.startswith("error: no run has ")
