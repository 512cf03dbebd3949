import psutil
import pytest

from benchsuite.measure.machine import host
from benchsuite.records.series import Reading


class Battery:
    def __init__(self, plugged):
        self.power_plugged = plugged


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A machine of which there is nothing to complain, but for what a test changes."""
    reading = {"seconds": 2.0, "cores_used": 0.0, "foreign_fraction": 0.0, "steal_fraction": 0.0}

    monkeypatch.setattr(host, "watched", lambda seconds: Reading(**reading))
    files = {"_CPUINFO": "flags : fpu sse", "_GOVERNOR": "performance", "_SMT": "0"}
    for name, content in files.items():
        path = tmp_path / name
        path.write_text(content)
        monkeypatch.setattr(host, name, path)
    swap = type("Swap", (), {"used": 0})
    monkeypatch.setattr(psutil, "swap_memory", lambda: swap)
    monkeypatch.setattr(psutil, "sensors_battery", lambda: None, raising=False)
    monkeypatch.setattr(psutil, "cpu_count", lambda logical=True: 8)
    return type("Machine", (), {"reading": reading, "files": tmp_path, "swap": swap})


def complaints():
    return [complaint.what for complaint in host.examine_host()]


def test_quiet_machine_gives_no_reason_to_complain(machine):
    assert complaints() == []


def test_other_programs_are_complained_of(machine):
    machine.reading["foreign_fraction"] = 0.25
    assert "other programs take 25% of all processors" in complaints()[0]


def test_stolen_time_is_complained_of(machine):
    machine.reading["steal_fraction"] = 0.02
    assert "the hypervisor gives away 2.0% of the time" in complaints()[0]


@pytest.mark.parametrize(
    ("file", "content", "what"),
    [
        ("_CPUINFO", "flags : fpu hypervisor sse", "a virtual machine"),
        ("_GOVERNOR", "powersave", "governor is 'powersave'"),
        ("_SMT", "1", "two threads share a core"),
    ],
)
def test_what_the_system_says_is_complained_of(machine, file, content, what):
    (machine.files / file).write_text(content)
    assert [what in complaint for complaint in complaints()] == [True]


def test_what_the_system_does_not_say_is_not(machine):
    for file in machine.files.iterdir():
        file.unlink()
    assert complaints() == []


def test_swap_is_complained_of(machine):
    machine.swap.used = 200 * 2**20
    assert complaints() == ["200 MiB are swapped out"]


@pytest.mark.parametrize(("plugged", "found"), [(False, 1), (True, 0), (None, 0)])
def test_battery_is_complained_of(machine, monkeypatch, plugged, found):
    monkeypatch.setattr(psutil, "sensors_battery", lambda: Battery(plugged), raising=False)
    assert len(complaints()) == found


def test_few_cores_are_complained_of(machine, monkeypatch):
    monkeypatch.setattr(psutil, "cpu_count", lambda logical=True: 2)
    assert "of 2 cores none is left" in complaints()[0]
