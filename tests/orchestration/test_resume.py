"""Runs that were cut short, and go on: nothing that is over is done again."""

import contextlib
import json
import shutil
import subprocess

import pytest

from benchsuite.errors import StorageError, UsageError
from benchsuite.orchestration import resume
from benchsuite.records import locked, read_records

pytestmark = pytest.mark.faults


class Killed(BaseException):
    """Stands for SIGKILL: nothing of the harness's own goes on."""


@pytest.fixture
def cut_short(run_cases, watch, tmp_path):
    """A function that begins a run of three seeds, and kills it as one of a case's tasks begins."""

    def begin(seed, task, error=Killed, backends=("numpy-linear",), **options):
        class Kills(type(watch)):
            def task_started(self, case, begun):
                if (case.seed, begun) == (seed, task):
                    raise error

        options = {"seeds": [0, 1, 2], "isolation": "fork", **options}
        if issubclass(error, KeyboardInterrupt):
            return run_cases(backends, Kills(), **options).folder
        with pytest.raises(error):
            run_cases(backends, Kills(), **options)
        return next((tmp_path / "results" / "runs").iterdir())

    return begin


@pytest.fixture
def go_on(plugins, watch):
    """A function that resumes a run; what the observer was told is in `watch`."""
    return lambda folder, *retried, **changes: resume(folder, plugins, watch, retried, **changes)


def begun(watch):
    return [entry[2] for entry in watch.told if entry[0] == "task"]


@pytest.mark.parametrize(("task", "left"), [("memory", 6), ("train", 5), ("time", 4)])
def test_run_goes_on_with_the_task_that_was_cut_short(cut_short, go_on, watch, task, left):
    folder = cut_short(1, task)
    (first,) = (r for r in read_records([folder]) if r.status == "ok")
    run = go_on(folder)

    assert [record.status for record in run.records] == ["ok", "ok", "ok"]
    assert run.records[0] == first
    assert begun(watch) == ["memory", "train", "time", "memory", "train", "time"][-left:]
    assert ("resumed", 1, {}) in watch.told
    assert run.folder == folder


def test_interrupted_run_goes_on(cut_short, go_on, watch):
    folder = cut_short(1, "time", KeyboardInterrupt)
    assert [r.status for r in read_records([folder])] == ["ok", "skipped", "skipped"]

    run = go_on(folder)
    assert [record.status for record in run.records] == ["ok", "ok", "ok"]
    assert begun(watch) == ["time", "memory", "train", "time"]


def test_finished_run_has_nothing_left_to_do(run_cases, go_on, watch):
    finished = run_cases(["numpy-linear", "raises"])

    assert go_on(finished.folder).records == finished.records
    assert begun(watch) == []


def test_failures_are_retried_when_asked(run_cases, go_on, watch):
    finished = run_cases(["numpy-linear", "raises", "full"])
    run = go_on(finished.folder, "failed")

    assert [record.status for record in run.records] == ["ok", "failed", "oom"]
    assert run.records[::2] == finished.records[::2]
    assert {entry[1] for entry in watch.told if entry[0] == "task"} == {"raises"}
    ((_, kept, again),) = (entry for entry in watch.told if entry[0] == "resumed")
    assert (kept, list(again.values())) == (2, ["it had ended as failed"])


def test_upgrade_does_again_what_it_touches(run_cases, go_on, watch, monkeypatch):
    finished = run_cases(["numpy-linear", "oddversion"])
    monkeypatch.setenv("ODD_VERSION", "1.3")
    run = go_on(finished.folder)

    assert run.records[0] == finished.records[0]
    assert run.records[1].findings.versions == {"numpy": "1.3"}
    assert watch.told[0] == (
        "resumed",
        1,
        {run.records[1].case.id: "versions numpy 1.2 → numpy 1.3"},
    )
    facts = json.loads((run.folder / "run.json").read_text())
    assert len(facts["resumed"]) == 1


def test_budget_and_timeout_may_be_other_ones(run_cases, go_on):
    started = run_cases(["numpy-linear"], seeds=[0, 1], budget="0.1s")
    assert {record.status for record in started.records} == {"skipped"}

    run = go_on(started.folder, budget="10m", timeout_s=100)
    assert {record.status for record in run.records} == {"ok"}


def test_run_is_gone_on_with_by_one_process_at_a_time(run_cases, go_on, tmp_path):
    folder = run_cases(["numpy-linear"]).folder

    with (
        locked(folder),
        pytest.raises(UsageError, match=f"run '{folder.name}' is in use by process"),
    ):
        go_on(folder)


def test_folder_that_holds_no_run_is_refused(go_on, tmp_path):
    with pytest.raises(UsageError, match="is not a run that can continue"):
        go_on(tmp_path)


@pytest.fixture
def make_small_disk():
    """A function that puts a file system of so many kB at a place."""
    with contextlib.ExitStack() as stack:

        def make(place, size):
            place.mkdir(parents=True)
            mount = ["mount", "-t", "tmpfs", "-o", f"size={size}k", "none", str(place)]
            made = subprocess.run(mount, capture_output=True, text=True, check=False)
            if made.returncode:
                pytest.skip(f"only root may mount: {made.stderr.strip()}")
            stack.callback(subprocess.run, ["umount", "-l", str(place)], check=True)
            return place

        yield make


def test_full_disk_loses_nothing(run_cases, go_on, make_small_disk, tmp_path):
    small_disk = make_small_disk(tmp_path / "small", 400)
    with pytest.raises(StorageError, match=r"No space left on device.*--resume"):
        run_cases(["numpy-linear"], seeds=list(range(40)), results=str(small_disk))
    (folder,) = (small_disk / "runs").iterdir()
    ended = [record for record in read_records([folder]) if record.status == "ok"]
    assert ended

    roomy = tmp_path / "results" / "runs" / folder.name
    shutil.copytree(folder, roomy)
    run = go_on(roomy)
    assert {record.status for record in run.records} == {"ok"}
    assert run.records[: len(ended)] == sorted(ended, key=lambda record: record.case.seed)


def test_disk_that_is_full_for_a_worker_stops_the_run(
    run_cases, go_on, make_small_disk, tmp_path, watch
):
    checkpoints = make_small_disk(tmp_path / "results" / "checkpoints", 4)
    with pytest.raises(StorageError, match=r"safetensors.*No space left on device.*--resume"):
        run_cases(["numpy-linear"], epochs=3, checkpoint_epochs=1)
    (folder,) = (tmp_path / "results" / "runs").iterdir()
    assert [record.status for record in read_records([folder])] == ["skipped"]

    subprocess.run(["mount", "-o", "remount,size=400k", str(checkpoints)], check=True)
    assert [record.status for record in go_on(folder).records] == ["ok"]
    assert begun(watch) == ["train", "time"]


def test_file_that_a_worker_cannot_write_stops_the_run(run_cases, tmp_path):
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "checkpoints").touch()
    with pytest.raises(StorageError, match=r"cannot be written.*--resume"):
        run_cases(["numpy-linear"], epochs=3, checkpoint_epochs=1)
