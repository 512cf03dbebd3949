import os
import subprocess
import sys
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


PROGRAM = """
from benchsuite.worker.tasks.memory import peak_bytes, reset_peak
block = bytearray(200 * 2**20)
block[::4096] = b"x" * len(block[::4096])
del block
before = reset_peak()
assert abs(peak_bytes() - before) < 20 * 2**20, "the peak was not reset"
block = bytearray(100 * 2**20)
block[::4096] = b"x" * len(block[::4096])
del block
print(peak_bytes() - before)
"""


def test_peak_is_that_since_the_reset_and_survives_the_release():
    answer = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    assert 95 * 2**20 < int(answer.stdout) < 125 * 2**20
