import json

import pytest
from msgspec.structs import replace

from benchsuite.errors import BenchsuiteError
from benchsuite.measure import host, protocol
from benchsuite.measure.environment import describe_environment
from benchsuite.run import doctor
from benchsuite.run.diagnosis import known_margins

HOST = str(describe_environment()["host"])


@pytest.fixture(autouse=True)
def calm(monkeypatch):
    """Nothing to complain of, and six rounds."""
    monkeypatch.setattr(doctor, "examine_host", lambda sleep: [])
    monkeypatch.setitem(protocol.PROTOCOLS, "smoke-2", replace(protocol.SMOKE, rounds=(6,)))


@pytest.fixture
def examine(spec_of, plugins, watch):
    return lambda backend: doctor.examine(spec_of([backend]), plugins, watch, HOST)


def test_case_is_measured_against_itself_in_rounds(examine, watch, tmp_path):
    diagnosis = examine("numpy-linear")

    assert diagnosis.score == 100
    assert [s.metric for s in diagnosis.sights] == [
        *("latency", "inference_throughput", "training_throughput")
    ]
    for sight in diagnosis.sights:
        assert sight.low <= sight.ratio <= sight.high
        assert sight.rounds == 6
        assert sight.detectable_fraction == max(abs(sight.low - 1), abs(sight.high - 1))
    timed = [entry for entry in watch.told if entry[0] == "task" and entry[2] == "time"]
    assert len(timed) == 12
    assert json.loads((tmp_path / "results" / "doctor.json").read_text())["host"] == HOST


def test_later_runs_of_the_same_machine_heed_it(examine, run_cases, tmp_path):
    sights = examine("numpy-linear").sights
    known = known_margins(tmp_path / "results", HOST)
    assert known == {sight.metric: sight.detectable_fraction for sight in sights}
    assert known_margins(tmp_path / "results", "another") == {}
    assert known_margins(tmp_path, HOST) == {}

    (record,) = run_cases(["numpy-linear"]).records
    assert record.measurement("latency").margin == known["latency"]
    assert record.measurement("build").margin is None


def test_case_that_does_not_run_is_no_diagnosis(examine, tmp_path):
    with pytest.raises(BenchsuiteError, match="ended as failed: memory: ValueError"):
        examine("raises")
    assert not (tmp_path / "results" / "doctor.json").exists()


def test_points_are_taken_for_each_complaint():
    complaints = [host.Complaint(30, "a", "b"), host.Complaint(80, "c", "d")]

    assert host.score([]) == 100
    assert host.score(complaints[:1]) == 70
    assert host.score(complaints) == 0
