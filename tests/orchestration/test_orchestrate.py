import json
import os
import subprocess
import sys
import tempfile

import psutil
import pytest
from PIL import Image

from benchsuite.errors import (
    ShapeError,
    UnknownNameError,
    UsageError,
)
from benchsuite.measure.protocol import SMOKE
from benchsuite.measure.summary import summarise
from benchsuite.orchestration import given_up
from benchsuite.records import read_records
from benchsuite.records.causes import STATUS_BY_CAUSE
from benchsuite.records.series import read_series


@pytest.mark.parametrize("isolation", ["spawn", "fork"])
def test_orchestrate_fills_the_record_of_a_case(run_cases, isolation):
    run = run_cases(["numpy-linear"], isolation=isolation)
    (record,) = run.records
    assert (record.status, record.reason) == ("ok", "")
    metrics = {m.metric: m for m in record.findings.measurements}
    assert set(metrics) == {
        *(["import"] if isolation == "spawn" else []),
        "host_memory_peak",
        "host_memory_above_import",
        "latency",
        "latency_p90",
        "build",
        "latency_p99",
        "first_call",
        "inference_throughput",
        "training_throughput",
        "first_training_step",
    }
    assert all(value > 0 for m in metrics.values() for value in m.values)
    size = record.findings.size
    assert (size.parameters, size.macs, size.flops) == (650, 640, 1280)
    assert (size.native_parameters, size.native_macs) == (650, 640)
    assert (size.activations_peak_elements, size.activations_total_elements) == (74, 138)
    assert (size.moved_elements, size.training_moved_elements) == (74, 84)
    assert size.training_macs == 1280
    training = record.findings.training
    assert training.split_sizes == {"train": 144, "validation": 16, "test": 40}
    assert [epoch.steps for epoch in training.epochs] == [4]
    assert len(training.step_losses) == 4
    assert training.test["top1_fraction"] > 0.7
    assert set(training.test) >= {"top1_fraction", "loss_nats", "balanced_accuracy_fraction"}
    assert record.findings.versions["numpy"]
    assert record.findings.ledger["time.MALLOC_TOP_PAD_"] == "268435456"
    assert record.findings.ledger["memory.MALLOC_TOP_PAD_"] == "unset"
    assert 0 < run.measured_s < run.wall_s
    assert list(read_records([run.folder])) == run.records


def test_orchestrate_is_repeatable_where_it_must_be(run_cases):
    first, second = (run_cases(["numpy-linear"]).records[0].findings for _ in range(2))
    assert first.training.digests == second.training.digests
    assert first.training.step_losses == second.training.step_losses
    assert first.training.test == second.training.test


def test_orchestrate_stores_the_runs_specification_and_environment(run_cases):
    run = run_cases(["numpy-linear"])
    facts = json.loads((run.folder / "run.json").read_text())
    assert facts["spec"]["archs"] == ["softmax_regression"]
    assert facts["environment"]["cpu"]
    assert facts["environment"]["usable_cores"] >= 1
    assert "core" in facts["plugins"]


def test_orchestrate_tells_its_observer(run_cases, watch):
    run_cases(["numpy-linear"], watch)
    assert watch.told == [
        ("case", "numpy-linear", 0, 1),
        ("task", "numpy-linear", "memory"),
        ("task", "numpy-linear", "train"),
        ("round", 0, 1),
        ("task", "numpy-linear", "time"),
        ("record", "numpy-linear", "ok"),
    ]


@pytest.mark.parametrize("isolation", ["spawn", "fork"])
@pytest.mark.parametrize(
    ("backend", "cause", "reason"),
    [
        ("raises", "exception", "memory: ValueError: no such kernel"),
        ("killed", "killed", "memory: its process was killed by SIGKILL"),
        ("exits", "exit", "memory: its process ended with exit code 7"),
        ("full", "out_of_memory", "memory: MemoryError: cannot allocate 9 TB"),
        ("wrongsize", "refused", "memory: wrongsize built another network than"),
        ("trainingmode", "refused", "memory: trainingmode answers in training mode"),
        ("diverges", "refused", "train: training diverged: the loss of step 2 is nan"),
        ("unimportable", "refused", "memory: 'no_such_module:Backend' cannot be loaded"),
        ("notraining", "unsupported", "this backend does not train"),
    ],
)
def test_orchestrate_records_a_failure_and_goes_on(run_cases, backend, cause, reason, isolation):
    run = run_cases([backend, "numpy-linear"], isolation=isolation)
    by_backend = {record.case.backend: record for record in run.records}
    assert by_backend[backend].cause == cause
    assert by_backend[backend].status == STATUS_BY_CAUSE[cause]
    assert by_backend[backend].reason.startswith(reason)
    assert by_backend["numpy-linear"].status == "ok"


def test_no_process_is_forked_from_one_that_has_computed(run_cases):
    (record,) = run_cases(["onceforked"], isolation="fork", seeds=[0]).records
    assert (record.status, record.reason) == ("ok", "")


def test_nothing_is_left_of_what_frameworks_keep_for_themselves(run_cases, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)  # read anew
    (record,) = run_cases(["litters"], seeds=[0]).records
    assert record.status == "ok"
    assert [path.name for path in tmp_path.rglob("*litter")] == []


def test_orchestrate_refuses_the_one_that_answers_otherwise(run_cases):
    run = run_cases(["numpy-linear", "otherlogits", "oddversion"])
    by_backend = {record.case.backend: record for record in run.records}
    assert {b: r.status for b, r in by_backend.items()} == {
        "numpy-linear": "ok",
        "oddversion": "ok",
        "otherlogits": "failed",
    }
    assert by_backend["otherlogits"].cause == "mismatch"
    reason = by_backend["otherlogits"].reason
    assert reason.startswith(
        "not the same network as its other backends': logits differ by 1.0e+00"
    )
    assert by_backend["otherlogits"].measurement("latency") is None


@pytest.mark.parametrize(("backend", "flag"), [("lying", "unsynchronized"), ("cached", "cached")])
def test_orchestrate_names_what_makes_a_clock_incredible(run_cases, backend, flag):
    (record,) = run_cases([backend]).records
    assert record.status == "ok"
    assert flag in record.measurement("latency").flags
    assert flag in record.measurement("inference_throughput").flags
    (honest,) = run_cases(["numpy-linear"]).records
    assert flag not in honest.measurement("latency").flags


@pytest.mark.slow
def test_orchestrate_names_the_program_that_runs_beside_it(run_cases):
    spin = "import time\nend = time.time() + 120\nwhile time.time() < end: pass"
    hogs = [subprocess.Popen([sys.executable, "-c", spin]) for _ in range(os.cpu_count())]
    try:
        (record,) = run_cases(["numpy-linear"], protocol="tour").records
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()
    assert "contaminated" in record.measurement("training_throughput").flags


def test_orchestrate_keeps_raw_samples_from_which_its_figures_follow(run_cases):
    run = run_cases(["numpy-linear"])
    (record,) = run.records
    series = read_series(run.folder / "samples" / f"{record.case.id}.jsonl")
    figures = summarise(series, SMOKE)
    assert set(figures) <= set(record.findings.measurements)
    assert {"latency", "training_throughput"} <= {figure.metric for figure in figures}


def test_orchestrate_interleaves_the_cases_of_a_contest(run_cases, watch):
    run_cases(["numpy-linear", "oddversion"], watch)
    assert [entry[0] for entry in watch.told[-5:]] == ["round", "task", "task", "record", "record"]


def test_orchestrate_leaves_a_record_where_it_is_killed(run_cases, watch, tmp_path):
    class Killed(BaseException):
        pass

    class Kills(type(watch)):
        def round_started(self, number, most):
            raise Killed

    with pytest.raises(Killed):
        run_cases(["numpy-linear"], Kills())
    (folder,) = (tmp_path / "results" / "runs").iterdir()
    (record,) = read_records([folder])
    assert (record.status, record.cause) == ("skipped", "cut_short")
    assert record.reason == "the run was cut short"
    assert record.findings.training.test["top1_fraction"] > 0.7


@pytest.mark.parametrize(
    ("budget", "protocol"),
    [("1s", "tour-2"), ("10m", "full-1"), ("100s", "quick-1"), (None, "tour-2")],
)
def test_plan_takes_the_most_thorough_protocol_that_the_budget_has_time_for(
    plan_cases, budget, protocol
):
    (case,) = plan_cases(["numpy-linear"], budget=budget, protocol=None)
    assert case.protocol == protocol


def test_orchestrate_skips_what_the_budget_leaves_no_time_for(run_cases):
    run = run_cases(["numpy-linear"], seeds=[0, 1, 2], budget="0.1s")
    assert {(record.status, record.cause) for record in run.records} == {("skipped", "budget")}
    assert {record.reason for record in run.records} == {"the budget was spent before it began"}
    assert given_up(run.records) == ["given up for the budget: 3 cases that were not begun"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"tiers": ["compiled"]},
            r"no backend has 'compiled' \(--tiers\): numpy-linear has native",
        ),
        (
            {"precisions": ["bf16"]},
            r"no backend has 'bf16' \(--precisions\): numpy-linear has fp32",
        ),
    ],
)
def test_orchestrate_refuses_a_way_of_computing_that_nobody_has(run_cases, options, message):
    with pytest.raises(UsageError, match=message):
        run_cases(["numpy-linear"], **options)


def test_orchestrate_keeps_what_was_measured_before_a_failure(run_cases):
    (diverged,) = run_cases(["diverges"]).records
    assert diverged.measurement("host_memory_peak")
    assert len(diverged.findings.training.step_losses) == 4
    assert diverged.findings.training.test == {}
    (untrained,) = run_cases(["notraining"]).records
    assert untrained.measurement("latency")
    assert untrained.measurement("training_throughput") is None


def test_orchestrate_keeps_the_last_output_of_a_failed_case(run_cases):
    (record,) = run_cases(["killed"]).records
    assert "about to die" in record.log_tail


def test_orchestrate_is_not_disturbed_by_a_backends_output(run_cases):
    (record,) = run_cases(["loud"]).records
    assert record.status == "ok"


@pytest.mark.parametrize("isolation", ["spawn", "fork"])
def test_orchestrate_ends_a_hanging_case_and_its_children(
    run_cases, isolation, monkeypatch, tmp_path
):
    monkeypatch.setenv("MARK_OF_THIS_TEST", str(tmp_path))
    run = run_cases(["hangs", "numpy-linear"], isolation=isolation, timeout_s=6)
    assert [record.status for record in run.records] == ["timeout", "ok"]
    assert "6 s" in run.records[0].reason
    environments = (process.info["environ"] for process in psutil.process_iter(["environ"]))
    marks = [(found or {}).get("MARK_OF_THIS_TEST") for found in environments]
    assert str(tmp_path) not in marks


def test_orchestrate_ends_cleanly_when_interrupted(run_cases, watch):
    class Interrupts(type(watch)):
        def task_started(self, case, task):
            if (case.seed, task) == (1, "train"):
                raise KeyboardInterrupt

    run = run_cases(["numpy-linear"], Interrupts(), seeds=[0, 1, 2])
    assert [record.status for record in run.records] == ["ok", "skipped", "skipped"]
    assert [record.reason for record in run.records] == [
        "",
        "interrupted",
        "interrupted before it began",
    ]
    assert [record.cause for record in run.records] == ["", "interrupted", "interrupted"]
    assert run.records[1].measurement("host_memory_peak")
    assert len(list(read_records([run.folder]))) == 3


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"archs": ["softmax"]}, UnknownNameError, "unknown architecture 'softmax'"),
        ({"backends": ["pytorch"]}, UnknownNameError, "unknown backend 'pytorch'"),
        ({"dataset": "digit"}, UnknownNameError, "Did you mean 'digits'"),
        ({"archs": ["lenet5"], "input": [5, 5]}, ShapeError, "at least 12×12, got 5×5"),
        ({"device": "cuda:7"}, UsageError, "device 'cuda:7' is not there: numpy-linear has cpu"),
    ],
)
def test_orchestrate_writes_nothing_for_a_bad_request(run_cases, tmp_path, options, error, message):
    with pytest.raises(error, match=message):
        run_cases(**{"backends": ["numpy-linear"], **options})
    assert not (tmp_path / "results").exists()


def test_orchestrate_refuses_a_folder_that_cannot_be_written(run_cases, tmp_path):
    (tmp_path / "results").write_text("a file in the way")
    with pytest.raises(UsageError, match="cannot be written"):
        run_cases(["numpy-linear"])


def test_orchestrate_takes_versions_of_any_kind_of_text(run_cases):
    (record,) = run_cases(["oddversion"]).records
    assert (record.status, record.findings.versions) == ("ok", {"numpy": "1.2"})


def test_orchestrate_runs_a_native_model_and_says_so(run_cases):
    (record,) = run_cases(["numpy-adopting"], archs=["numpy/plain"]).records
    assert (record.status, record.reason) == ("ok", "")
    assert (record.case.origin, record.equality) == ("native", "unproven")
    size, training = record.findings.size, record.findings.training
    assert (size.fingerprint, size.architecture_fingerprint) == ("", "")
    assert (size.parameters, size.native_parameters) == (650, 650)
    assert (size.macs, size.native_macs, size.flops) == (640, 640, 1280)
    assert size.activations_peak_elements is size.moved_elements is size.training_macs is None
    (achieved,) = record.findings.rooflines
    assert (achieved.metric, achieved.intensity_flops_per_byte) == ("inference_throughput", None)
    assert training.digests.train_fingerprint == ""
    assert training.test["top1_fraction"] > 0.7


def test_orchestrate_draws_a_native_models_weights_from_the_seed(run_cases):
    run = run_cases(["numpy-adopting"], archs=["numpy/plain"], seeds=[0, 1])
    again = run_cases(["numpy-adopting"], archs=["numpy/plain"])
    first, other, same = (
        record.findings.training.digests.initial_weights for record in run.records + again.records
    )
    assert first == same != other


def test_orchestrate_normalises_as_the_native_model_wants_it(run_cases):
    records = run_cases(["numpy-adopting"], archs=["numpy/*"]).records
    found = {r.case.architecture: r.findings.training.normalizer.scale for r in records}
    assert found["numpy/takes_bytes"] == (1 / 256,)
    assert found["numpy/plain"] != (1 / 256,)


def test_orchestrate_keeps_a_case_whose_backend_takes_no_native_models(run_cases):
    (record,) = run_cases(["numpy-linear"], archs=["numpy/plain"]).records
    assert record.status == "unsupported"
    assert "cannot hold numpy/plain" in record.reason


def test_orchestrate_looks_at_the_data_before_anything_is_written(run_cases, tmp_path, monkeypatch):
    monkeypatch.setenv("BENCHSUITE_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "pictures"
    for name in ("cat", "dog"):
        (folder / name).mkdir(parents=True)
        for number in range(8):
            Image.new("L", (8, 8), number).save(folder / name / f"{number}.png")
    (folder / "cat" / "0.png").write_bytes(b"broken")
    asked = {"dataset": f"imagefolder:{folder}", "batch_size": 4}

    with pytest.raises(UsageError, match=r"1 images that cannot be used: .*0\.png"):
        run_cases(["numpy-linear"], **asked)
    assert not (tmp_path / "results").exists()

    (record,) = run_cases(["numpy-linear"], bad_images="skip", **asked).records
    assert (record.status, record.reason) == ("ok", "")
    assert sum(record.findings.training.split_sizes.values()) == 15
    assert record.case.dataset == asked["dataset"]
