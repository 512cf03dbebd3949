import io
import json

import pandas as pd
import pytest

from benchsuite.cli.leaderboard import leaderboard
from benchsuite.records import RunStore
from benchsuite.report.leaderboard.formats import FORMATS
from benchsuite.report.leaderboard.rows import csv_text


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


def test_leaderboard_shows_rows_that_meet_a_condition(benchsuite, stored):
    result = benchsuite("leaderboard", "--where", "status==ok and run~s*")

    assert "keras-jax" not in result.stdout
    assert result.stdout.splitlines()[-1] == "1 of 3 records of runs first, second"


def test_leaderboard_knows_columns_that_no_row_left_has(benchsuite, stored, tmp_path, make_record):
    RunStore(tmp_path / "results", "third").write(make_record(run="third", test={"brier": 0.5}))
    asked = ("--where", "run==first", "--columns", "run,test_brier", "--format", "csv")

    assert benchsuite("leaderboard", *asked).stdout == "run,test_brier\nfirst,\nfirst,\n"


def test_leaderboard_of_no_rows_is_no_error(benchsuite, stored):
    nothing = ("leaderboard", "--where", "seed==9")

    assert benchsuite(*nothing).stdout == "0 of 3 records of runs first, second\n"
    assert benchsuite(*nothing, "--format", "json").stdout == "[]\n"
    assert benchsuite(*nothing, "--csv", "-").stdout.startswith("schema,run,")


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--where", "top1>>1", "error: --where: '>1' (character 6) where a value could stand"),
        ("--where", "latenc<1", "error: unknown column 'latenc'. Did you mean 'latency'?"),
        ("--sort", "latenc", "error: unknown column 'latenc'. Did you mean 'latency'?"),
        ("--columns", "backnd", "error: unknown column 'backnd'. Did you mean 'backend'?"),
        ("--group-by", "backnd", "error: unknown column 'backnd'. Did you mean 'backend'?"),
        ("--format", "parquet", "error: --format parquet is no text: name a file with --output"),
        ("--format", "xml", "error: Invalid value for '--format': 'xml' is not one of"),
    ],
)
def test_leaderboard_refuses_what_it_cannot_read_in_one_line(
    benchsuite, stored, option, value, message
):
    result = benchsuite("leaderboard", option, value)

    assert result.exit_code == 2
    assert result.stderr.startswith(message)
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_leaderboard_offers_every_format(benchsuite, stored):
    (option,) = (p for p in leaderboard.params if p.name == "form")

    assert list(option.type.choices) == list(FORMATS)


def test_leaderboard_prints_a_format_alone_and_its_source_to_stderr(benchsuite, stored):
    result = benchsuite("leaderboard", "--format", "json", "--columns", "run", "--sort", "-run")

    assert json.loads(result.stdout) == [{"run": "second"}, {"run": "first"}, {"run": "first"}]
    assert result.stderr == "3 records of runs first, second\n"


def test_leaderboard_writes_a_format_to_a_file(benchsuite, stored, tmp_path):
    result = benchsuite("leaderboard", "--format", "markdown", "--output", "board.md")

    assert result.stdout == "written: board.md\n3 records of runs first, second\n"
    assert "| lenet5" in (tmp_path / "board.md").read_text()


def test_leaderboard_prints_one_thing_only(benchsuite, stored):
    result = benchsuite("leaderboard", "--csv", "-", "--format", "json")

    assert result.exit_code == 2
    assert "leave one out" in result.stderr


def test_leaderboard_refuses_rows_that_no_ranking_mixes_where_strict(
    benchsuite, stored, tmp_path, make_record
):
    assert benchsuite("leaderboard", "--strict-fair").exit_code == 0

    RunStore(tmp_path / "results", "third").write(make_record(run="third", tier="compiled"))
    result = benchsuite("leaderboard", "--strict-fair", "--format", "csv")

    assert result.exit_code == 2
    assert "differ in tier (native, compiled)" in result.stderr
    assert benchsuite("leaderboard", "--strict-fair", "--where", "tier==native").exit_code == 0


def test_leaderboard_has_no_colours_where_it_is_piped(benchsuite, stored):
    assert "\x1b" not in benchsuite("leaderboard").stdout
