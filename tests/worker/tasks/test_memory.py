import os
from types import SimpleNamespace

import pytest
from fake_nvml import gpu, install, process

from benchsuite.contract import DeviceMemory
from benchsuite.worker.tasks.memory import _memory

WEIGHTS = 4 * (1000 + 24)


def memory(device="cpu", on_device=None, peak=500_000, imported=499_000):
    graph = SimpleNamespace(parameters=1000, buffers=24)
    session = SimpleNamespace(graph=graph, device_memory=lambda: on_device)
    return {found.metric: found for found in _memory(session, imported, peak, device)}


def test_memory_of_a_cpu_is_the_hosts():
    found = memory()

    assert {name: m.value for name, m in found.items()} == {
        "host_memory_peak": 500_000,
        "host_memory_above_import": 1000,
    }


def test_memory_of_a_gpu_is_its_frameworks_and_its_drivers(monkeypatch):
    install(monkeypatch, gpu(ComputeRunningProcesses=[process(os.getpid(), 70_000)]))

    found = memory("cuda:0", DeviceMemory(5000, 6000))

    assert {name: m.value for name, m in found.items() if name.startswith("device")} == {
        "device_memory_peak": 5000,
        "device_memory_reserved": 6000,
        "device_memory_driver": 70_000,
    }


def test_what_nobody_counts_is_left_out(monkeypatch):
    install(monkeypatch)

    assert "device_memory_driver" not in memory("cuda:0", DeviceMemory(5000))
    assert "device_memory_reserved" not in memory("cuda:0", DeviceMemory(5000))


@pytest.mark.parametrize("device_bytes", [WEIGHTS - 1, WEIGHTS])
def test_peak_without_room_for_the_weights_is_refused(monkeypatch, device_bytes):
    install(monkeypatch)

    found = memory("cuda:0", DeviceMemory(device_bytes))["device_memory_peak"]

    short = device_bytes < WEIGHTS
    assert found.value == (None if short else device_bytes)
    reason = "4,095 bytes; weights and buffers alone take 4,096"
    assert found.refused == (reason if short else "")
    assert found.values == (device_bytes,)


def test_peak_of_the_host_is_refused_where_the_weights_are_on_it(monkeypatch):
    install(monkeypatch)

    assert memory(peak=4000, imported=3000)["host_memory_peak"].value is None
    on_gpu = memory("cuda:0", DeviceMemory(5000), peak=4000, imported=3000)
    assert on_gpu["host_memory_peak"].value == 4000


def test_host_above_the_import_may_be_less_than_the_weights():
    assert memory()["host_memory_above_import"].value == 1000
