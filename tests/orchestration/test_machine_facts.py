"""What a run asks of the machine before it begins, and what it does without."""

import itertools
import subprocess
import sys
import time
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from benchsuite.errors import UsageError
from benchsuite.orchestration import resume
from benchsuite.processes import local
from benchsuite.records import read_records

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - as such, a place of another file system


def test_run_refuses_to_begin_where_others_are_at_work(run_cases, tmp_path, monkeypatch):
    looked = []

    def competing_processes(devices):
        looked.extend(devices)
        return ["train.py (7) is on cuda:0", "other programs take 50% of all processors"]

    monkeypatch.setattr(local, "competing_processes", competing_processes)

    with pytest.raises(UsageError, match=r"not free \(--exclusive\): train.py \(7\) is on cuda:0;"):
        run_cases(["numpy-linear"], exclusive=True)

    assert looked == ["cpu"]
    assert not (tmp_path / "results").exists()
    (record,) = run_cases(["numpy-linear"]).records
    assert record.status == "ok"


def test_run_begins_where_the_machine_is_free(run_cases, monkeypatch):
    monkeypatch.setattr(local, "competing_processes", lambda devices: [])
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
        begun.extend(word for word in command if word == "benchsuite.worker.serve")
        if len(begun) == 2:  # the first inspections at the backend
            begun.append("")
            raise BlockingIOError(11, "Resource temporarily unavailable")
        return popen(command, **options)

    monkeypatch.setattr("benchsuite.processes.interpreter.subprocess.Popen", start)

    run = run_cases(["numpy-linear"], seeds=[0, 1])

    assert [record.status for record in run.records] == ["failed", "ok"]
    assert run.records[0].reason == (
        "memory: no process can be started for it: Resource temporarily unavailable"
    )


def test_run_refuses_a_limit_that_the_system_does_not_have(run_cases, tmp_path, monkeypatch):
    monkeypatch.setattr("benchsuite.processes.interpreter.IS_LINUX", False)
    with pytest.raises(UsageError, match="--memory-limit needs Linux"):
        run_cases(["numpy-linear"], memory_limit="8GiB")
    assert not (tmp_path / "results").exists()


def test_clock_that_jumps_changes_no_result(run_cases, monkeypatch):
    """Dates go back by a day whenever they are asked for, seconds forward."""
    days = itertools.count()

    class Backwards(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(2026, 6, 1, tzinfo=tz) - timedelta(days=next(days))

    for module in ("benchsuite.orchestration.case_state", "benchsuite.records.store"):
        monkeypatch.setattr(f"{module}.datetime", Backwards)
    monkeypatch.setattr(time, "time", lambda: 86_400.0 * next(days))

    backends = ["numpy-linear", "setstheclock"]
    run = run_cases(backends, seeds=[0, 1], timeout_s=100, isolation="spawn")

    assert [record.status for record in run.records] == ["ok"] * 4
    assert all(record.ended < record.started for record in run.records)
    phases = [phase for record in run.records for phase in record.findings.phases]
    assert all(0 <= phase.seconds < 100 for phase in phases)
    figures = [one for record in run.records for one in record.findings.measurements]
    imports = [figure.values for figure in figures if figure.metric == "import"]
    assert len(imports) == 4
    assert all(0 < seconds < 100 for values in imports for seconds in values)


@pytest.mark.skipif(not SHARED_MEMORY.is_dir(), reason="Linux has a second file system there")
def test_results_may_be_on_another_file_system(run_cases, tmp_path):
    with TemporaryDirectory(dir=SHARED_MEMORY) as results:
        assert Path(results).stat().st_dev != tmp_path.stat().st_dev
        run = run_cases(["numpy-linear"], results=results, epochs=2, checkpoint_epochs=1)
        assert list(read_records([Path(results)])) == run.records
        assert [record.status for record in run.records] == ["ok"]


@pytest.mark.slow
def test_run_of_thousands_of_cases_goes_on(run_cases, plugins, watch):
    begun = run_cases(["numpy-linear"], seeds=list(range(2000)), budget="0.5s", isolation="fork")
    counts = Counter(record.status for record in begun.records)
    assert counts["ok"] + counts["skipped"] == 2000

    run = resume(begun.folder, plugins, watch, budget="5s")
    assert len(run.records) == 2000
    assert Counter(record.status for record in run.records)["ok"] > counts["ok"]
