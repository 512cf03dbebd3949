import io

import pandas as pd
import pytest

from benchsuite.records import RunStore
from benchsuite.report.leaderboard import csv_text


@pytest.fixture
def stored(tmp_path, make_record):
    """Two runs in `results`: two records and one."""
    records = [
        make_record(run="first"),
        make_record(run="first", backend="keras-jax", status="failed", reason="no luck"),
        make_record(run="second"),
    ]
    for record in records:
        RunStore(tmp_path / "results", record.run).write(record)
    return records


def test_leaderboard_shows_all_results_by_default(benchsuite, stored):
    result = benchsuite("leaderboard")

    assert result.exit_code == 0
    assert "lenet5" in result.stdout
    assert "failed: no luck" in result.stdout
    assert result.stdout.splitlines()[-1] == "3 records of runs first, second"


def test_leaderboard_shows_one_run_or_one_record(benchsuite, stored, tmp_path):
    folder = tmp_path / "results" / "runs" / "second"
    file = next(folder.glob("records/*.json"))

    for path in (folder, file):
        lines = benchsuite("leaderboard", path).stdout.splitlines()
        assert lines[-1] == "1 record of run second"


def test_leaderboard_writes_csv_beside_the_table(benchsuite, stored, tmp_path):
    result = benchsuite("leaderboard", "--csv", "board.csv")

    assert "lenet5" in result.stdout
    assert result.stdout.splitlines()[-1] == "written: board.csv"
    assert (tmp_path / "board.csv").read_text() == csv_text(stored)


def test_leaderboard_prints_nothing_but_csv_to_stdout(benchsuite, stored):
    result = benchsuite("leaderboard", "--csv", "-")

    table = pd.read_csv(io.StringIO(result.stdout))
    assert table["status"].tolist() == ["failed", "ok", "ok"]
    assert result.stderr == "3 records of runs first, second\n"


def test_leaderboard_refuses_a_csv_file_that_cannot_be_written(benchsuite, stored):
    result = benchsuite("leaderboard", "--csv", "nowhere/board.csv")

    assert result.exit_code == 2
    assert result.stderr.startswith("error: 'nowhere/board.csv' cannot be written")


def test_leaderboard_refuses_what_is_no_record(benchsuite, tmp_path):
    (tmp_path / "other.json").write_text('{"a": 1}')

    result = benchsuite("leaderboard", "other.json")

    assert result.exit_code == 2
    assert "'other.json' is not a benchsuite record" in result.stderr


def test_leaderboard_wide_shows_every_figure_on_one_line_a_row(benchsuite, stored):
    lines = benchsuite("leaderboard", "--wide", COLUMNS="80").stdout.splitlines()

    row = next(line for line in lines if line.split()[:1] == ["keras-jax"])
    assert row.rstrip().endswith("failed  no luck")
    assert len(row) > 200
