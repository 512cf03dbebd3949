import inspect
import os
import re
import subprocess
import sys

import pytest
from fake_nvml import FakeNvml, gpu, install, process

from benchsuite.measure.machine import accelerator
from benchsuite.measure.machine.accelerator import both_ends, find_accelerator
from benchsuite.records.series import AcceleratorReading

A, B = gpu(UUID="GPU-aa-1"), gpu(UUID="GPU-ab-2")
SLOW = gpu(UUID="GPU-cc-3", Name="NVIDIA T4")


@pytest.fixture
def child():
    """A process that this one has started."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as started:
        yield started.pid
        started.communicate(b"\n")


def test_reading_is_what_the_driver_says(monkeypatch):
    install(monkeypatch, gpu(CurrentClocksEventReasons=0x4))

    assert find_accelerator("cuda:0").reading() == AcceleratorReading(
        sm_mhz=1900,
        memory_mhz=3200,
        default_sm_mhz=1800,
        temperature_c=40,
        reasons=0x4,
        foreign_processes=0,
    )


def test_what_a_gpu_does_not_tell_is_none(monkeypatch):
    install(monkeypatch, {"nvmlDeviceGetName": "NVIDIA GeForce"})
    found = find_accelerator("cuda:0")

    assert found.reading() == AcceleratorReading()
    assert (found.energy_uj(), found.own_bytes(), found.is_divided()) == (None, None, False)
    assert found.settings() == {"gpu_driver": "580.1", "gpu_mig": "0"}


def test_default_clock_is_the_highest_where_applications_have_none(monkeypatch):
    install(monkeypatch, gpu(DefaultApplicationsClock=None))

    assert find_accelerator("cuda:0").reading().default_sm_mhz == 1980


def test_reasons_have_another_name_in_older_drivers(monkeypatch):
    old = gpu(CurrentClocksEventReasons=None, CurrentClocksThrottleReasons=0x20)
    install(monkeypatch, old)

    assert find_accelerator("cuda:0").reading().reasons == 0x20


def test_settings_are_for_the_ledger(monkeypatch):
    install(monkeypatch, gpu(MigMode=[1, 1]))

    assert find_accelerator("cuda:0").settings() == {
        "gpu_driver": "580.1",
        "gpu_power_limit_w": "700",
        "gpu_default_sm_mhz": "1800",
        "gpu_max_sm_mhz": "1980",
        "gpu_persistence": "1",
        "gpu_mig": "1",
    }


def test_energy_is_in_microjoules(monkeypatch):
    install(monkeypatch, gpu(TotalEnergyConsumption=1234))

    assert find_accelerator("cuda:0").energy_uj() == 1_234_000


def test_processes_of_ones_own_are_not_foreign(monkeypatch, child):
    processes = [process(os.getpid(), 300), process(child, 20), process(os.getppid(), 1000)]
    install(monkeypatch, gpu(ComputeRunningProcesses=processes))
    found = find_accelerator("cuda:0")

    assert found.reading().foreign_processes == 1
    assert found.own_bytes() == 320


def test_processes_by_ids_of_another_namespace_say_nothing(monkeypatch):
    nobody = 2**22 + 1  # above Linux' largest
    processes = [process(nobody, 300), process(os.getpid(), 20)]
    install(monkeypatch, gpu(ComputeRunningProcesses=processes))
    found = find_accelerator("cuda:0")

    assert (found.reading().foreign_processes, found.own_bytes()) == (None, None)


def test_memory_of_ones_own_is_unknown_where_any_of_it_is(monkeypatch, child):
    processes = [process(os.getpid(), 300), process(child)]
    install(monkeypatch, gpu(ComputeRunningProcesses=processes))

    assert find_accelerator("cuda:0").own_bytes() is None


@pytest.mark.parametrize(
    ("visible", "device", "found"),
    [
        (None, "cuda:0", A),
        (None, "cuda", A),
        (None, "cuda:1", B),
        (None, "cuda:2", None),
        ("1,0", "cuda:0", B),
        ("1, 0", "cuda:1", A),
        ("1", "cuda:1", None),
        ("7", "cuda:0", None),
        ("", "cuda:0", None),
        ("-1", "cuda:0", None),
        ("GPU-ab-2", "cuda:0", B),
        ("GPU-ab", "cuda:0", B),
        ("GPU-a", "cuda:0", None),
        ("MIG-ab-2", "cuda:0", None),
        (None, "cpu", None),
        (None, "mps", None),
    ],
)
def test_device_is_the_one_that_frameworks_number_so(monkeypatch, visible, device, found):
    install(monkeypatch, A, B)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)

    accelerator = find_accelerator(device)

    assert (accelerator and accelerator._handle) is found


def test_indices_of_several_models_count_only_in_the_order_of_the_bus(monkeypatch):
    install(monkeypatch, SLOW, A)
    assert find_accelerator("cuda:0") is None

    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-cc")
    assert find_accelerator("cuda:0")._handle is SLOW

    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    monkeypatch.setenv("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
    assert find_accelerator("cuda:0")._handle is A


def test_there_is_none_without_the_package_or_a_driver(monkeypatch):
    class Driverless(FakeNvml):
        def nvmlInit(self):  # noqa: N802 - NVML's name
            raise self.NVMLError

    for module in (None, Driverless()):
        monkeypatch.setitem(sys.modules, "pynvml", module)
        accelerator._nvml.cache_clear()
        assert find_accelerator("cuda:0") is None

    monkeypatch.setitem(sys.modules, "pynvml", FakeNvml(A))
    accelerator._nvml.cache_clear()
    assert find_accelerator("cuda:0")._handle is A
    accelerator._nvml.cache_clear()


def test_both_ends_are_the_worse_of_each_and_every_reason():
    start = AcceleratorReading(sm_mhz=1900, temperature_c=50, reasons=0x4, foreign_processes=0)
    end = AcceleratorReading(
        sm_mhz=1500, memory_mhz=3200, default_sm_mhz=1800, temperature_c=60, reasons=0x20
    )

    assert both_ends(start, end) == AcceleratorReading(
        sm_mhz=1500,
        memory_mhz=3200,
        default_sm_mhz=1800,
        temperature_c=60,
        reasons=0x24,
        foreign_processes=0,
    )


def test_package_has_every_name_that_it_is_asked_for():
    package = pytest.importorskip("pynvml", reason="nvidia-ml-py is not installed")
    asked = set(re.findall(r"\b(nvml\w+\b(?!…)|NVML\w+)", inspect.getsource(accelerator)))

    assert len(asked) > 15
    assert [name for name in asked - {"NVML"} if not hasattr(package, name)] == []
