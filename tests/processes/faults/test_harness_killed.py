"""A harness that is killed with SIGKILL leaves none of its workers."""

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from benchsuite.processes.kernel import IS_LINUX

pytestmark = pytest.mark.faults

HERE = Path(__file__).parent
_PROGRAM = "from benchsuite.cli import main; main()"
_LONGEST_S = 60


def _workers_of(mark):
    found = psutil.process_iter(["cmdline", "environ"])
    return [
        process
        for process in found
        if (process.info["environ"] or {}).get("MARK_OF_THIS_TEST") == mark
        and "benchsuite.worker.serve" in (process.info["cmdline"] or ())
        and process.status() != psutil.STATUS_ZOMBIE
    ]


def _until(holds):
    end = time.monotonic() + _LONGEST_S
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def harness(example_plugin, tmp_path, monkeypatch):
    """A function that starts a run of its own, whose first case hangs in native code."""
    monkeypatch.setenv("MARK_OF_THIS_TEST", str(tmp_path))
    plugins = ("-p", "benchsuite_example", "-p", HERE / "crashes.py")
    asked = ("--archs", "softmax_regression", "--backends", "hanging", "--dataset", "stripes")
    started = []

    def start(isolation):
        options = ("--protocol", "smoke", "--isolation", isolation, "--results", tmp_path)
        command = [sys.executable, "-c", _PROGRAM, *plugins, "run", *asked, *options]
        with (tmp_path / "output").open("wb") as output:
            process = subprocess.Popen(list(map(str, command)), stdout=output, stderr=output)
        started.append(process)
        _until(lambda: list(tmp_path.glob("runs/*/logs/*.train.log")))
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.skipif(not IS_LINUX, reason="elsewhere a worker ends when it next speaks")
@pytest.mark.parametrize(("isolation", "workers"), [("fork", 2), ("spawn", 1)])
def test_workers_die_with_their_harness(harness, tmp_path, isolation, workers):
    process = harness(isolation)
    _until(lambda: len(_workers_of(str(tmp_path))) >= workers)

    process.kill()
    process.wait()

    _until(lambda: not _workers_of(str(tmp_path)))
