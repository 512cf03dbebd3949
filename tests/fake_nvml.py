"""A stand-in for `pynvml`, whose GPUs are dictionaries: what it is asked and they lack, fails."""

from types import SimpleNamespace


class FakeNvml:
    """The module, as far as benchsuite asks it.

    gpus: of each, the answer to each question, by the function's name; a function stands for
    an answer that changes, and is called with what follows the handle.
    """

    NVML_CLOCK_GRAPHICS, NVML_CLOCK_SM, NVML_CLOCK_MEM = 0, 1, 2
    NVML_TEMPERATURE_GPU = 0
    NVML_DEVICE_MIG_ENABLE = 1

    class NVMLError(Exception):
        pass

    def __init__(self, *gpus):
        self.gpus = gpus

    def nvmlInit(self):  # noqa: N802 - NVML's name, as below
        pass

    def nvmlSystemGetDriverVersion(self):  # noqa: N802
        return "580.1"

    def nvmlDeviceGetCount(self):  # noqa: N802
        return len(self.gpus)

    def nvmlDeviceGetHandleByIndex(self, index):  # noqa: N802
        return self.gpus[index]

    def __getattr__(self, name):
        if not name.startswith("nvmlDeviceGet"):
            raise AttributeError(name)

        def ask(gpu, *arguments):
            if name not in gpu:
                raise self.NVMLError(name)
            answer = gpu[name]
            return answer(*arguments) if callable(answer) else answer

        return ask


def gpu(**answers):
    """A GPU at work, undisturbed; answers are by NVML's names without `nvmlDeviceGet`."""
    usual = {
        "Name": "NVIDIA H200",
        "UUID": "GPU-0a1b",
        "ClockInfo": lambda kind: {1: 1900, 2: 3200}[kind],
        "MaxClockInfo": lambda kind: {1: 1980}[kind],
        "DefaultApplicationsClock": lambda kind: {0: 1800}[kind],
        "Temperature": lambda sensor: {0: 40}[sensor],
        "CurrentClocksEventReasons": 0,
        "EnforcedPowerLimit": 700_000,
        "PersistenceMode": 1,
        "MigMode": [0, 0],
        "ComputeRunningProcesses": [],
        "TotalEnergyConsumption": 5_000,
    }
    found = {f"nvmlDeviceGet{name}": answer for name, answer in {**usual, **answers}.items()}
    return {name: answer for name, answer in found.items() if answer is not None}


def process(pid, used=None):
    """What NVML says of a process that computes on a GPU."""
    return SimpleNamespace(pid=pid, usedGpuMemory=used)


def install(monkeypatch, *gpus):
    """Let benchsuite find these GPUs, and no others."""
    from benchsuite.measure.machine import accelerator

    fake = FakeNvml(*gpus) if gpus else None
    monkeypatch.setattr(accelerator, "_nvml", lambda: fake)
    for name in ("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER"):
        monkeypatch.delenv(name, raising=False)
