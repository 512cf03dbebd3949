"""What a run asks of the machine before it begins, and what it does without."""

import subprocess
import sys
from importlib import import_module

import pytest

from benchsuite.errors import UsageError


def test_run_refuses_to_begin_where_others_are_at_work(run_cases, tmp_path, monkeypatch):
    looked = []

    def intruders(devices):
        looked.extend(devices)
        return ["train.py (7) is on cuda:0", "other programs take 50% of all processors"]

    monkeypatch.setattr(import_module("benchsuite.run.conduct"), "intruders", intruders)

    with pytest.raises(UsageError, match=r"not free \(--exclusive\): train.py \(7\) is on cuda:0;"):
        run_cases(["numpy-linear"], exclusive=True)

    assert looked == ["cpu"]
    assert not (tmp_path / "results").exists()
    (record,) = run_cases(["numpy-linear"]).records
    assert record.status == "ok"


def test_run_begins_where_the_machine_is_free(run_cases, monkeypatch):
    monkeypatch.setattr(import_module("benchsuite.run.conduct"), "intruders", lambda devices: [])
    (record,) = run_cases(["numpy-linear"], exclusive=True).records
    assert record.status == "ok"


def test_run_leaves_the_users_own_processes_alone(run_cases):
    command = [sys.executable, "-c", "import time; time.sleep(1000)"]
    with subprocess.Popen(command, start_new_session=True) as own:
        run_cases(["raises", "numpy-linear"])
        assert own.poll() is None
        own.kill()


def test_run_records_a_process_that_cannot_be_started(run_cases, monkeypatch):
    begun, popen = [], subprocess.Popen

    def start(command, **options):
        begun.extend(word for word in command if word == "benchsuite.run.worker")
        if len(begun) == 2:  # the first looks at the backend
            begun.append("")
            raise BlockingIOError(11, "Resource temporarily unavailable")
        return popen(command, **options)

    monkeypatch.setattr("benchsuite.run.processes.subprocess.Popen", start)

    run = run_cases(["numpy-linear"], seeds=[0, 1])

    assert [record.status for record in run.records] == ["failed", "ok"]
    assert run.records[0].reason == (
        "memory: no process can be started for it: Resource temporarily unavailable"
    )


def test_run_refuses_a_limit_that_the_system_does_not_have(run_cases, tmp_path, monkeypatch):
    monkeypatch.setattr("benchsuite.run.processes.IS_LINUX", False)
    with pytest.raises(UsageError, match="--memory-limit needs Linux"):
        run_cases(["numpy-linear"], memory_limit="8GiB")
    assert not (tmp_path / "results").exists()
