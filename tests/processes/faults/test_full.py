"""Memory that is full is `oom`, with the figure and the batch that it did not hold."""

import sys

import pytest

from benchsuite.processes import kernel

pytestmark = pytest.mark.faults

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="Linux alone has these")


def overflows(record):
    return [(found.metric, found.batch_size) for found in record.findings.overflows]


@pytest.mark.parametrize("isolation", ["spawn", "fork"])
@pytest.mark.parametrize(
    ("backend", "reason"),
    [
        ("overfull", "MemoryError: cannot allocate 9 TB"),
        (
            "overfullaborting",
            "its process died, and its last words are of memory: terminate called",
        ),
    ],
)
def test_batch_that_does_not_fit_is_named(run_cases, backend, reason, isolation):
    (record,) = run_cases([backend], isolation=isolation).records

    assert record.status == "oom"
    assert record.reason.startswith(f"time: inference throughput at batch 64: {reason}")
    assert overflows(record) == [("inference_throughput", 64)]
    assert record.findings.overflows[0].reason.startswith(reason)
    assert record.measurement("latency")


@pytest.mark.parametrize("options", [{}, {"batch_backoff": True}])
def test_training_s_own_batch_is_never_changed(run_cases, options):
    (record,) = run_cases(["overfullintraining"], **options).records

    assert record.status == "oom"
    assert record.reason == (
        "train: training at batch 32: MemoryError: cannot allocate 9 TB; "
        "--set micro_batches=2 takes each step in two parts"
    )
    assert overflows(record) == [("training", 32)]


@pytest.mark.parametrize("backend", ["overfull", "overfullaborting"])
def test_backing_off_times_the_largest_batch_that_fits(run_cases, backend):
    (record,) = run_cases([backend], batch_backoff=True).records

    assert (record.status, record.reason) == ("ok", "")
    inference = record.measurement("inference_throughput")
    training = record.measurement("training_throughput")
    assert (inference.batch_size, training.batch_size) == (24, 12)
    assert "backed_off" in inference.flags
    assert "backed_off" in training.flags
    assert record.measurement("first_training_step").flags == ("backed_off",)
    assert record.case.inference_batch_size == 64
    assert overflows(record) == [
        *(("inference_throughput", size) for size in (64, 32, 28, 26)),
        *(("training_throughput", size) for size in (32, 16, 14, 13)),
    ]


def test_backing_off_leaves_alone_what_fits(run_cases, watch):
    (record,) = run_cases(["numpy-linear"], watch, batch_backoff=True).records

    assert record.measurement("inference_throughput").batch_size == 64
    assert "backed_off" not in record.measurement("inference_throughput").flags
    assert overflows(record) == []
    tasks = [told[2] for told in watch.told if told[0] == "task"]
    assert tasks == ["memory", "train", "fit_inference", "fit_training", "time"]


def test_case_of_which_no_batch_fits_ends_as_oom(run_cases):
    run = run_cases(["overfullalways", "numpy-linear"], batch_backoff=True, isolation="fork")

    by_backend = {record.case.backend: record for record in run.records}
    full = by_backend["overfullalways"]
    assert full.status == "oom"
    assert full.reason.startswith("fit_inference: inference throughput at batch 1: MemoryError")
    assert overflows(full) == [("inference_throughput", 2**power) for power in range(6, -1, -1)]
    assert by_backend["numpy-linear"].status == "ok"


@LINUX
@pytest.mark.parametrize("isolation", ["spawn", "fork"])
def test_memory_beyond_the_limit_is_oom(run_cases, isolation):
    run = run_cases(["greedy", "numpy-linear"], memory_limit="3GiB", isolation=isolation)

    by_backend = {record.case.backend: record for record in run.records}
    assert by_backend["greedy"].status == "oom"
    assert by_backend["greedy"].reason.startswith("train: MemoryError")
    assert by_backend["greedy"].reason.endswith("(--memory-limit 3GiB)")
    assert by_backend["numpy-linear"].status == "ok"


@LINUX
def test_silent_death_at_the_limit_is_oom(run_cases):
    (record,) = run_cases(["silentlygreedy"], memory_limit="3GiB").records

    assert record.status == "oom"
    assert record.reason.startswith("train: its process died silently, and had last been seen with")
    assert "2.9" in record.reason


@LINUX
def test_limit_that_nothing_fits_into_is_oom(run_cases):
    (record,) = run_cases(["numpy-linear"], memory_limit="1MiB").records

    assert record.status == "oom"


@LINUX
def test_process_that_the_kernel_took_for_want_of_memory_is_oom(run_cases, tmp_path, monkeypatch):
    vmstat = tmp_path / "vmstat"
    vmstat.write_text("pgfault 5\noom_kill 3\n")
    monkeypatch.setattr(kernel, "_VMSTAT", vmstat)
    monkeypatch.setenv("VMSTAT_OF_THIS_TEST", str(vmstat))

    (record,) = run_cases(["takenbythekernel"]).records

    assert record.status == "oom"
    assert record.reason == (
        "train: its process was killed by the kernel: the host was out of memory"
    )


@LINUX
@pytest.mark.parametrize("isolation", ["spawn", "fork"])
def test_workers_are_the_first_to_go_and_keep_to_the_limit(run_cases, isolation):
    (record,) = run_cases(["telling"], memory_limit="8GiB", isolation=isolation).records

    ledger = record.findings.ledger
    for task in ("memory", "train", "time"):
        assert ledger[f"{task}.oom_score_adj"] == "1000"
        assert ledger[f"{task}.limit"] == str(8 * 2**30)


@LINUX
@pytest.mark.parametrize(("limit", "status"), [(None, "failed"), ("8GiB", "oom")])
def test_thread_without_room_for_its_stack_is_oom_under_a_limit(run_cases, limit, status):
    (record,) = run_cases(["threadless"], memory_limit=limit).records

    assert record.status == status
    assert record.reason.startswith("train: RuntimeError: can't start new thread")
