"""What NVIDIA's driver says of a GPU: clocks, temperature, limits, and who computes there.

By NVML, the library of `nvidia-smi` (docs.nvidia.com/deploy/nvml-api). Without it, or for another
device, there is no Accelerator; what one GPU or driver does not tell is None.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from functools import cache, reduce
from operator import or_
from typing import Any

import psutil

from benchsuite.records.series import AcceleratorReading

#: Bits of `AcceleratorReading.reasons`, nvml.h's `nvmlClocksEventReason…`: SwPowerCap; and
#: HwSlowdown, SwThermalSlowdown, HwThermalSlowdown and HwPowerBrakeSlowdown.
SW_POWER_CAP = 0x04
SLOWDOWN = 0x08 | 0x20 | 0x40 | 0x80
_MILLI, _MICROJOULES = 1e-3, 1000
#: Of each field of a reading, what makes one of two values.
_WORSE: Mapping[str, Callable[[int, int], int]] = {
    "sm_mhz": min,
    "memory_mhz": min,
    "default_sm_mhz": max,
    "temperature_c": max,
    "reasons": or_,
    "foreign_processes": max,
}


class Accelerator:
    """One GPU, by its NVML handle."""

    def __init__(self, nvml: Any, handle: Any) -> None:  # noqa: ANN401 - pynvml has no types
        self._nvml = nvml
        self._handle = handle

    def reading(self) -> AcceleratorReading:
        """Its state now; clocks first, since they fall as soon as nothing runs."""
        nvml = self._nvml
        return AcceleratorReading(
            sm_mhz=self._ask("nvmlDeviceGetClockInfo", nvml.NVML_CLOCK_SM),
            memory_mhz=self._ask("nvmlDeviceGetClockInfo", nvml.NVML_CLOCK_MEM),
            reasons=self._reasons(),
            temperature_c=self.temperature_c(),
            default_sm_mhz=self._default_sm_mhz(),
            foreign_processes=None
            if (foreign := self.foreign_processes()) is None
            else len(foreign),
        )

    def temperature_c(self) -> int | None:
        """Of the chip."""
        return self._number("nvmlDeviceGetTemperature", self._nvml.NVML_TEMPERATURE_GPU)

    def energy_uj(self) -> int | None:
        """Microjoules since the driver was loaded, of the whole board."""
        millijoules = self._number("nvmlDeviceGetTotalEnergyConsumption")
        return None if millijoules is None else millijoules * _MICROJOULES

    def own_bytes(self) -> int | None:
        """Memory that this process and its children hold, contexts and caches included."""
        processes = self._processes() or {}
        held = [processes[pid] for pid in own_tree() & processes.keys()]
        known = [amount for amount in held if amount is not None]
        # A driver may not tell what one of them holds: the rest is no sum.
        return sum(known) if known and len(known) == len(held) else None

    def is_divided(self) -> bool:
        """Whether MIG shares it out: its counters are then those of all instances together."""
        modes = self._ask("nvmlDeviceGetMigMode")  # [now, after the next reset]
        return modes is not None and modes[0] == self._nvml.NVML_DEVICE_MIG_ENABLE

    def settings(self) -> Mapping[str, str]:
        """What of its set-up decides speed, for the ledger."""
        nvml = self._nvml
        limit_mw = self._number("nvmlDeviceGetEnforcedPowerLimit")
        known = {
            "gpu_driver": _answer(nvml, nvml.nvmlSystemGetDriverVersion),
            "gpu_power_limit_w": None if limit_mw is None else f"{limit_mw * _MILLI:g}",
            "gpu_default_sm_mhz": self._default_sm_mhz(),
            "gpu_max_sm_mhz": self._max_sm_mhz(),
            "gpu_persistence": self._ask("nvmlDeviceGetPersistenceMode"),
            "gpu_mig": int(self.is_divided()),
        }
        return {name: str(value) for name, value in known.items() if value is not None}

    def _reasons(self) -> int | None:
        """By its name since driver 535, or the older one."""
        found = self._number("nvmlDeviceGetCurrentClocksEventReasons")
        return self._number("nvmlDeviceGetCurrentClocksThrottleReasons") if found is None else found

    def _default_sm_mhz(self) -> int | None:
        """Of applications, by the driver; the highest where there is no such clock."""
        clock = self._nvml.NVML_CLOCK_GRAPHICS  # the one domain: applications' SM clock is this
        found = self._number("nvmlDeviceGetDefaultApplicationsClock", clock)
        return self._max_sm_mhz() if found is None else found

    def _max_sm_mhz(self) -> int | None:
        return self._number("nvmlDeviceGetMaxClockInfo", self._nvml.NVML_CLOCK_SM)

    def foreign_processes(self) -> Sequence[int] | None:
        """Ids of those that compute there and are none of ours; None where it cannot tell."""
        processes = self._processes()
        return None if processes is None else sorted(processes.keys() - own_tree())

    def _processes(self) -> Mapping[int, int | None] | None:
        """Bytes held by each process that computes there, by its id.

        None where an id is nobody's here: a container without the host's ids gets those of the
        host, and cannot tell its own from others.
        """
        found = self._ask("nvmlDeviceGetComputeRunningProcesses")
        if found is None or not all(psutil.pid_exists(process.pid) for process in found):
            return None
        return {process.pid: process.usedGpuMemory for process in found}

    def _number(self, name: str, *arguments: Any) -> int | None:  # noqa: ANN401 - NVML's enums
        found = self._ask(name, *arguments)
        return None if found is None else int(found)

    def _ask(self, name: str, *arguments: Any) -> Any:  # noqa: ANN401 - whatever NVML answers
        return _answer(self._nvml, getattr(self._nvml, name), self._handle, *arguments)


def find_accelerator(device: str) -> Accelerator | None:
    """The GPU that a framework calls `cuda:0`, …; None for other devices, or without a driver.

    Frameworks number what CUDA_VISIBLE_DEVICES lists: indices, or UUIDs and their beginnings.
    None, too, where indices say nothing: by default CUDA numbers GPUs of several models with the
    fastest first, and NVML by their place on the bus (CUDA_DEVICE_ORDER); and for an instance of
    MIG, by its UUID, of which most of this cannot be asked.
    """
    kind, _, number = device.partition(":")
    nvml = _nvml() if kind == "cuda" else None
    if nvml is None:
        return None
    handle = _answer(nvml, _handle, nvml, int(number or 0))
    return None if handle is None else Accelerator(nvml, handle)


def both_ends(start: AcceleratorReading, end: AcceleratorReading) -> AcceleratorReading:
    """What is known of a time from its ends: the worse of both, and every reason."""
    known = {
        name: [value for value in (getattr(start, name), getattr(end, name)) if value is not None]
        for name in _WORSE
    }
    return AcceleratorReading(
        **{name: reduce(_WORSE[name], values) for name, values in known.items() if values}
    )


@cache
def _nvml() -> Any:  # noqa: ANN401 - the module, or None
    """The package, ready for questions; None without it, or without a driver."""
    try:
        import pynvml
    except ImportError:
        return None
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return None
    return pynvml


def _handle(nvml: Any, number: int) -> Any:  # noqa: ANN401 - pynvml has no types
    every = [nvml.nvmlDeviceGetHandleByIndex(index) for index in range(nvml.nvmlDeviceGetCount())]
    listed = os.environ.get("CUDA_VISIBLE_DEVICES")
    visible = [str(n) for n in range(len(every))] if listed is None else listed.split(",")
    wanted = visible[number].strip() if number < len(visible) else ""
    if not wanted:
        return None
    if wanted.isdigit():
        known = int(wanted) < len(every) and _are_in_order(nvml, every)
        return every[int(wanted)] if known else None
    found = [handle for handle in every if nvml.nvmlDeviceGetUUID(handle).startswith(wanted)]
    return found[0] if len(found) == 1 else None


def _are_in_order(nvml: Any, every: Sequence[Any]) -> bool:  # noqa: ANN401 - pynvml has no types
    """Whether CUDA numbers the GPUs as NVML does."""
    models = {nvml.nvmlDeviceGetName(handle) for handle in every}
    return len(models) == 1 or os.environ.get("CUDA_DEVICE_ORDER") == "PCI_BUS_ID"


def _answer(nvml: Any, ask: Callable[..., Any], *arguments: Any) -> Any:  # noqa: ANN401 - likewise
    """What the driver answers; None where it does not support the question."""
    try:
        return ask(*arguments)
    except nvml.NVMLError:
        return None


def own_tree() -> set[int]:
    """This process and everything that it started."""
    own = psutil.Process()
    return {own.pid, *(child.pid for child in own.children(recursive=True))}
