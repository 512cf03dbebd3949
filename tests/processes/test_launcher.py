"""The seam for processes: runs are the same whoever starts them, and wherever."""

import json
import stat
import sys

import msgspec
import pytest

from benchsuite.errors import UsageError
from benchsuite.orchestration import orchestrate, plan, resume
from benchsuite.processes.launcher import HostFacts, WorkerTimeoutError
from benchsuite.processes.local import LocalLauncher
from benchsuite.processes.messages import Began, Event

#: What a remote machine would say of itself, in a message.
HELLO = b"""{"id": "another", "cpu": "CPU of another", "default_threads": 3, "can_fork": false,
"energy_counters": ["cpu"], "machine": {"benchsuite": "9.9", "commit": null, "host": "another"}}"""


class Elsewhere:
    """A host that is known by messages alone."""

    def __init__(self, competing=()):
        self.facts = msgspec.json.decode(HELLO, type=HostFacts)
        self.competing = competing
        self.asked = []

    def competing_processes(self, devices):
        self.asked += devices
        return self.competing

    def complaints(self):
        return []


class Recorder:
    """Lets a local launcher work, and keeps every job and its events as messages."""

    def __init__(self, plugins):
        self.local = LocalLauncher(plugins)
        self.host = self.local.host
        self.said = {}

    def run(self, backend, job, *, threads, tuned, left_s):
        assert left_s > 0
        events = self.said.setdefault((backend, job.task), [])
        for event in self.local.run(backend, job, threads=threads, tuned=tuned, left_s=left_s):
            events.append(msgspec.json.encode(event))
            yield event

    def close(self):
        self.local.close()


class Replay:
    """Starts no process: says again what was recorded, as if on another machine."""

    def __init__(self, said, competing=()):
        self.host = Elsewhere(competing)
        self.said = said
        self.jobs = []
        self.closed = 0

    def run(self, backend, job, *, threads, tuned, left_s):
        self.jobs.append((job, threads, tuned, left_s))
        for event in self.said[backend, job.task]:
            yield msgspec.json.decode(event, type=Event)

    def close(self):
        self.closed += 1


@pytest.fixture
def said(plugins, spec_of, watch):
    """The events of a run, by backend and task."""
    recorder = Recorder(plugins)
    (record,) = orchestrate(spec_of(["numpy-linear"]), plugins, watch, recorder).records
    assert (record.status, record.reason) == ("ok", "")
    return recorder.said


def test_run_is_what_its_launcher_says(said, plugins, spec_of, watch):
    replay = Replay(said)

    run = orchestrate(spec_of(["numpy-linear"]), plugins, watch, replay)

    (record,) = run.records
    assert (record.status, record.reason) == ("ok", "")
    assert record.measurement("latency").value > 0
    assert record.findings.training is not None
    assert replay.closed == 1


def test_facts_of_the_machine_are_those_of_the_launchers_host(said, plugins, spec_of, watch):
    replay = Replay(said)

    run = orchestrate(spec_of(["numpy-linear"]), plugins, watch, replay)

    (record,) = run.records
    assert record.case.threads == 3
    assert record.case.isolation == "spawn"
    assert record.key["device"] == "CPU of another"
    assert record.key["benchsuite"] == "9.9"
    facts = json.loads((run.folder / "run.json").read_bytes())
    assert facts["environment"] == replay.host.facts.machine
    assert {threads for _, threads, _, _ in replay.jobs} == {3}
    assert not any(job.fork for job, *_ in replay.jobs)


def test_time_crosses_as_seconds_left(said, plugins, spec_of, watch):
    replay = Replay(said)

    orchestrate(spec_of(["numpy-linear"], timeout_s=100), plugins, watch, replay)

    assert all(0 < left_s <= 100 for *_, left_s in replay.jobs)


def test_exclusive_run_asks_the_launchers_host(said, plugins, spec_of, watch):
    replay = Replay(said, competing=["train.py (7) takes 90% of one"])

    with pytest.raises(UsageError, match=r"not free \(--exclusive\): train.py \(7\)"):
        orchestrate(spec_of(["numpy-linear"], exclusive=True), plugins, watch, replay)

    assert replay.host.asked == ["cpu"]
    assert replay.closed == 1


def test_plan_is_of_the_launchers_host(said, plugins, spec_of):
    (case,) = plan(spec_of(["numpy-linear"]), plugins, Replay(said))

    assert (case.threads, case.isolation) == (3, "spawn")


def test_case_whose_launcher_gives_up_is_late_and_done_by_another(
    said,
    plugins,
    spec_of,
    watch,
):
    class Late(Replay):
        def run(self, backend, job, **options):
            if job.task == "train":
                yield Began(1)
                raise WorkerTimeoutError
            yield from super().run(backend, job, **options)

    run = orchestrate(spec_of(["numpy-linear"]), plugins, watch, Late(said))
    assert [record.status for record in run.records] == ["timeout"]

    again = resume(run.folder, plugins, watch, ["timeout"], Replay(said))
    assert [record.status for record in again.records] == ["ok"]


def test_local_launcher_takes_another_interpreter(plugins, spec_of, watch, tmp_path):
    started = tmp_path / "started"
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\necho "$4" >> {started}\nexec {sys.executable} "$@"\n')
    python.chmod(python.stat().st_mode | stat.S_IXUSR)
    launcher = LocalLauncher(plugins, python=str(python))

    run = orchestrate(spec_of(["numpy-linear"], isolation="spawn"), plugins, watch, launcher)

    assert [record.status for record in run.records] == ["ok"]
    # the inspection, memory, training and timing: every process there was
    assert started.read_text().split() == ["numpy-linear"] * 4
