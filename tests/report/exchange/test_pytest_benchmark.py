import json
import subprocess
import sys

import numpy as np
import pytest
from pytest_benchmark.stats import Stats

from benchsuite.errors import UsageError
from benchsuite.report.exchange.pytest_benchmark import export, statistics


@pytest.fixture
def compare(tmp_path):
    """A function that runs pytest-benchmark itself, and returns what it prints."""

    def run(*arguments):
        done = subprocess.run(
            [sys.executable, "-m", "pytest_benchmark", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "Failed to load" not in done.stderr
        return done.stdout

    return run


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6, 7, 8, 200])
def test_statistics_are_those_of_pytest_benchmark(count):
    seconds = np.random.default_rng(count).lognormal(-5, 1, count)
    theirs = Stats()
    for second in seconds:
        theirs.update(float(second))

    ours = statistics(seconds)

    assert ours == {
        name: value if isinstance(value, str) else pytest.approx(value)
        for name, value in theirs.as_dict().items()
    }


def test_samples_of_all_processes_are_seconds_a_call(store, make_record, make_series):
    case = store(
        make_record(),
        [
            make_series("latency", [1_000_000, 3_000_000]),
            make_series("latency", [2_000_000], round=1),
            make_series("latency", [9_000_000], round=1, discarded=True),
            make_series("inference_throughput", [1_000_000_000], batch_size=64, calls=100),
            make_series("training_forward", [5_000_000], batch_size=16),
            make_series("anchor", [5_000_000]),
        ],
    )

    latency, inference = json.loads(export([case]))["benchmarks"]

    assert latency["stats"]["rounds"] == 3
    assert latency["stats"]["mean"] == pytest.approx(0.002)
    assert inference["stats"]["mean"] == pytest.approx(0.01)
    assert inference["stats"]["iterations"] == 100
    assert inference["params"]["batch_size"] == "64"


def test_pytest_benchmark_compares_two_runs(store, make_record, make_series, compare, tmp_path):
    history = tmp_path / "history" / "Linux-CPython-3.11-64bit"
    history.mkdir(parents=True)
    for number, sample in (("0001", 1_000_000), ("0002", 4_000_000)):
        record = make_record(run=f"run-{number}")
        case = store(record, [make_series("latency", [sample, sample])])
        (history / f"{number}_main.json").write_text(export([case]))

    printed = compare("--storage", "history", "compare", "--between", "mean")
    listed = compare("--storage", "history", "list")

    assert "latency[lenet5-torch-cpu-native-fp32-2-matched-digits-0-10-spawn-1]" in printed
    assert "+300" in printed
    assert listed.count("_main.json") == 2


def test_backends_are_compared_in_one_group(store, make_record, make_series, compare, tmp_path):
    cases = [
        store(make_record(backend=backend), [make_series("latency", [sample])])
        for backend, sample in (("torch", 1_000_000), ("keras-jax", 2_000_000))
    ]
    (tmp_path / "one.json").write_text(export(cases))

    printed = compare("compare", "one.json")

    group = "latency, batch 1: lenet5, cpu, native, fp32, 2, matched, digits, 0, 10, spawn, tour-2"
    assert f"'{group}': 2 tests" in printed
    assert "(2.00)" in printed


def test_machine_and_commit_are_the_runs(store, make_record, make_series):
    exported = json.loads(export([store(make_record(), [make_series("latency", [1])])]))

    assert exported["machine_info"]["cpu"]["brand_raw"] == "Test CPU"
    assert exported["machine_info"]["node"] == "5bce98f73f3e"
    assert exported["commit_info"]["id"] == "c0ffee"
    assert exported["commit_info"]["dirty"]


def test_cases_without_samples_are_listed_with_their_reason(store, make_record):
    exported = json.loads(export([store(make_record(status="oom", reason="no memory"))]))

    assert exported["benchmarks"] == []
    assert exported["benchsuite"]["without_samples"] == [
        {"case_id": make_record().case.id, "status": "oom", "reason": "no memory"}
    ]


def test_a_record_without_samples_gives_the_values_of_its_processes(store, make_record):
    benchmarks = json.loads(export([store(make_record())]))["benchmarks"]

    stats = {one["name"].partition("[")[0]: one["stats"] for one in benchmarks}
    assert stats["latency"]["median"] == 0.002
    assert stats["inference_throughput"]["max"] == pytest.approx(64 / 900)
    assert stats["training_throughput"]["rounds"] == 3


def test_several_machines_are_refused(store, make_record):
    cases = [
        store(make_record(run="one"), environment={"host": "a"}),
        store(make_record(run="two", seed=1), environment={"host": "b"}),
    ]

    with pytest.raises(UsageError, match="of 2 machines"):
        export(cases)


def test_the_same_case_of_two_runs_is_refused(store, make_record):
    with pytest.raises(UsageError, match="several runs hold the same case"):
        export([store(make_record(run="one")), store(make_record(run="two"))])
