import sys

import msgspec

from benchsuite.measure.machine.facts import default_threads, describe_environment
from benchsuite.processes import local
from benchsuite.processes.launcher import HostFacts
from benchsuite.processes.local import LocalHost


def test_facts_are_those_of_this_machine_and_can_be_sent():
    facts = LocalHost().facts
    machine = describe_environment()

    assert (facts.id, facts.cpu) == (machine["host"], machine["cpu"])
    assert facts.default_threads == default_threads()
    assert facts.can_fork == (sys.platform == "linux")
    assert list(facts.machine) == list(machine)
    message = msgspec.json.encode(facts)
    assert msgspec.json.encode(msgspec.json.decode(message, type=HostFacts)) == message


def test_machine_is_described_once(monkeypatch):
    described = []
    machine = describe_environment()
    monkeypatch.setattr(local, "describe_environment", lambda: described.append(1) or machine)
    host = LocalHost()
    assert described == []
    assert host.facts is host.facts
    assert described == [1]


def test_energy_counters_are_named_by_their_devices(monkeypatch):
    monkeypatch.setattr(local, "find_counter", lambda device: device.endswith("1") or None)

    assert LocalHost().facts.energy_counters == ("cuda:1", "cuda:11")
