import json

import pytest

from benchsuite.records import RunStore
from benchsuite.report.leaderboard.rows import csv_text


@pytest.fixture
def hosts(tmp_path, make_record):
    """The runs' folders of two hosts, each with a framework of its own, and their records."""
    records = [
        make_record(run="one"),
        make_record(run="two", backend="keras-tensorflow", device_name="Other CPU"),
    ]
    for record in records:
        store = RunStore(tmp_path / record.run, record.run)
        store.write_run({"run": record.run, "environment": {}})
        store.write(record)
    return ["one/runs/one", "two/runs/two"], records


def test_merge_makes_a_run_of_several(benchsuite, hosts, tmp_path):
    folders, records = hosts

    result = benchsuite("merge", *folders, "--name", "both")

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "2 records of 2 runs: one, two",
        "written: results/runs/both",
    ]
    assert "warning: device_name: Test CPU in one; Other CPU in two" in result.stderr
    assert "never ranked together" in result.stderr
    folder = tmp_path / "results" / "runs" / "both"
    assert (folder / "leaderboard.csv").read_text() == csv_text(records)
    assert json.loads((folder / "run.json").read_text())["run"] == "both"
    shown = benchsuite("leaderboard", folder).stdout.splitlines()
    assert shown[-1] == "2 records of runs two, one"


def test_merge_names_conflicts_and_writes_nothing(benchsuite, hosts, tmp_path, make_record):
    folders, _ = hosts
    RunStore(tmp_path / "two", "two").write(make_record(status="failed", reason="no luck"))

    refused = benchsuite("merge", *folders)

    assert refused.exit_code == 2
    assert f"{make_record().case.id} (ok in one/runs/one, failed in two/runs/two)" in refused.stderr
    assert not (tmp_path / "results").exists()
    kept = benchsuite("merge", *folders, "--keep", "ok")
    assert f"--keep ok chose: {make_record().case.id}" in kept.stdout


def test_merge_says_what_is_held_once(benchsuite, hosts):
    folders, _ = hosts
    benchsuite("merge", *folders, "--name", "both")

    result = benchsuite("merge", *folders, "results/runs/both", "--name", "again")

    assert result.stdout.startswith("the same record in several parts: ")
    assert "2 records of 3 runs: one, two, both" in result.stdout


@pytest.mark.parametrize("name", ["../both", ".both", "a/b", ".."])
def test_merge_refuses_a_name_that_is_no_folders(benchsuite, hosts, name):
    result = benchsuite("merge", *hosts[0], "--name", name)

    assert (result.exit_code, result.stdout) == (2, "")
    assert f"'{name}' cannot be a run's name" in result.stderr


def test_merge_refuses_a_name_that_is_taken(benchsuite, hosts):
    benchsuite("merge", *hosts[0], "--name", "both")

    assert "exists: choose another name" in benchsuite("merge", *hosts[0], "--name", "both").stderr
