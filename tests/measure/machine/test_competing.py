import pytest
from fake_nvml import gpu, install, process

from benchsuite.measure.machine import competing as exclusive
from benchsuite.measure.machine.competing import competing_processes
from benchsuite.records.series import Reading


@pytest.fixture
def host(monkeypatch):
    """A function that gives who is there, on a host of which others take that share.

    took: seconds of each process in the two seconds that are watched, by its id.
    """

    def look(devices=("cpu",), foreign=0.0, took=()):
        times = iter([dict.fromkeys(dict(took), 5.0), {p: 5.0 + s for p, s in dict(took).items()}])
        monkeypatch.setattr(exclusive, "_processor_times", lambda: next(times))
        reading = Reading(seconds=2.0, cores_used=0.0, foreign_fraction=foreign)
        monkeypatch.setattr(exclusive, "watched", lambda seconds: reading)
        return competing_processes(devices)

    return look


@pytest.mark.parametrize("foreign", [0.0, 0.03, None])
def test_quiet_host_is_free(host, foreign):
    assert host(foreign=foreign, took={1: 0.1}) == []


def test_loaded_host_names_who_loads_it(host, monkeypatch):
    named = {7: "train.py", 8: "cc1"}
    monkeypatch.setattr(exclusive, "_called", lambda pid: f"{named[pid]} ({pid})")

    (found,) = host(foreign=0.5, took={7: 1.9, 8: 0.5, 9: 0.0})

    assert found == (
        "other programs take 50% of all processors: "
        "train.py (7) takes 95% of one, cc1 (8) takes 25% of one"
    )


def test_load_of_many_small_processes_names_none(host):
    assert host(foreign=0.5) == ["other programs take 50% of all processors"]


def test_process_on_the_gpu_is_named(host, monkeypatch):
    install(monkeypatch, gpu(ComputeRunningProcesses=[process(1)]))

    (found,) = host(["cuda:0", "cuda:0", "cpu"])

    assert found.endswith("(1) is on cuda:0")


def test_gpu_that_does_not_tell_is_free(host, monkeypatch):
    install(monkeypatch, gpu(ComputeRunningProcesses=None))

    assert host(["cuda:0"]) == []
