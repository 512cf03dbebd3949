"""Energy by the hardware's own counters, NVML's of a GPU and RAPL's of processors.

Never power times time, and no estimate: where there is no counter, there is no figure.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter_ns, sleep
from typing import Any

from benchsuite.errors import BenchsuiteError
from benchsuite.measure.machine.accelerator import Accelerator, find_accelerator
from benchsuite.measure.machine.watch import Watch
from benchsuite.measure.scenarios import Sampler, calls_per_window, forward_passes, timed, unsteady
from benchsuite.measure.warmup import warm_up
from benchsuite.metrics.declared import ENERGY, IDLE_POWER
from benchsuite.records.series import Series

#: The shortest window: NVML's counter ticks some ten times a second, and a hundred ticks are
#: one per cent.
WINDOW_S = 10.0
#: Windows are planned longer, by the time of a trial that need not be steady.
_MARGIN = 1.1
#: Leakage grows with temperature: a GPU's windows begin within so much of the first one's.
_WITHIN_C, _LONGEST_COOLING_S, _LOOK_S = 2, 120.0, 1.0
_POWERCAP = Path("/sys/class/powercap")
_NS_PER_S = 1e9


@dataclass(frozen=True, slots=True)
class Counter:
    """Counts energy in microjoules, in one register or several.

    read: all of them. ranges: at which each begins anew from zero; None for one that never does.
    """

    read: Callable[[], Sequence[int]]
    ranges: Sequence[int | None]

    def spent_uj(self, before: Sequence[int], after: Sequence[int]) -> int:
        """Of all registers together, each of which has begun anew once at most."""
        spent = zip(before, after, self.ranges, strict=True)
        return sum(
            end - start if limit is None else (end - start) % limit for start, end, limit in spent
        )


def find_counter(device: str) -> Counter | None:
    """The counter of what this device takes; None where there is none, or it cannot be read.

    A CPU's are the packages and their memory, of all the machine and whatever runs on it. Linux
    lets only root read them, and virtual machines have none. A GPU's is the whole board's.
    """
    if device == "cpu":
        return _of_processors()
    accelerator = find_accelerator(device)
    return _of_gpu(accelerator) if accelerator else None


def measure_idle(counter: Counter, device: str) -> Series:
    """What is spent while nothing runs, with the network in place."""
    watch = Watch(device)
    sample, energy = _metered(counter, lambda: sleep(WINDOW_S))
    return Series(
        metric=IDLE_POWER.name,
        batch_size=1,
        images=1,
        samples=(sample,),
        energy_uj=(energy,),
        reading=watch.reading(),
    )


def measure_energy(
    sampler: Sampler, placed: Sequence[Any], batch_size: int, counter: Counter
) -> Series:
    """Windows of queued forward passes, as of the throughput, of ten seconds and more.

    The queue is emptied about once a second, so that it cannot outgrow the device.
    """
    session, protocol, device = sampler.session, sampler.protocol, sampler.device
    pool = itertools.cycle(placed)

    def calls(count: int) -> None:
        with forward_passes(session) as infer:
            for batch in itertools.islice(pool, count):
                infer(batch)

    warmups, steady = warm_up(lambda: timed(session, lambda: calls(1)), protocol)
    queued = calls_per_window(warmups, protocol)
    trial = timed(session, lambda: calls(queued))
    queues = math.ceil(_MARGIN * WINDOW_S * _NS_PER_S / trial)

    def window() -> None:
        for _ in range(queues):
            timed(session, lambda: calls(queued))

    accelerator, watch = find_accelerator(device), Watch(device)
    start_c = accelerator.temperature_c() if accelerator else None
    found, cooled = [], True
    for _ in range(protocol.energy_windows):
        cooled &= _cool(accelerator, start_c)
        found.append(_metered(counter, window))
    samples, energies = zip(*found, strict=True)
    return Series(
        metric=ENERGY.name,
        batch_size=batch_size,
        images=batch_size * queued * queues,
        calls=queued * queues,
        samples=samples,
        warmups=tuple(warmups),
        energy_uj=energies,
        reading=watch.reading(),
        flags=(*unsteady(steady, protocol), *(() if cooled else ("not_cooled",))),
    )


def refusal(series: Series) -> str:
    """Why no figure of energy may come of it; empty where one may."""
    shortest_s = min(series.samples) / _NS_PER_S
    gpu = series.reading.accelerator
    if shortest_s < WINDOW_S:
        return f"a window of {shortest_s:.2f} s; it takes {WINDOW_S:g} s"
    if gpu and gpu.foreign_processes:
        return "another process computed on the GPU"
    if not all(series.energy_uj):
        return "the counter stood still"
    return ""


def _of_gpu(accelerator: Accelerator) -> Counter | None:
    """None of a GPU that MIG shares out: what others take there is counted, too."""

    def read() -> Sequence[int]:
        energy = accelerator.energy_uj()
        if energy is None:
            raise BenchsuiteError("the GPU's driver no longer tells its energy")
        return (energy,)

    countable = not accelerator.is_divided() and accelerator.energy_uj() is not None
    return Counter(read, (None,)) if countable else None


def _of_processors() -> Counter | None:
    """RAPL, by Linux' powercap: packages and memory, without the cores that packages hold."""
    try:
        # Not `intel-rapl-mmio`, which shows the same packages once more.
        zones = [zone for zone in sorted(_POWERCAP.glob("intel-rapl:*")) if _is_counted(zone)]
        ranges = [int((zone / "max_energy_range_uj").read_text()) for zone in zones]
        counter = Counter(lambda: [int((zone / "energy_uj").read_text()) for zone in zones], ranges)
        # Only root may read them, which the first reading tells.
        counter.read()
    except OSError:
        return None
    return counter if zones else None


def _is_counted(zone: Path) -> bool:
    name = (zone / "name").read_text().strip()
    return name.startswith("package") or name == "dram"


def _metered(counter: Counter, work: Callable[[], None]) -> tuple[int, int]:
    """Nanoseconds and microjoules of it."""
    before, start = counter.read(), perf_counter_ns()
    work()
    took, after = perf_counter_ns() - start, counter.read()
    return took, counter.spent_uj(before, after)


def _cool(accelerator: Accelerator | None, start_c: int | None) -> bool:
    """Wait until a GPU is nearly as cool as it was; whether it came to that in time."""
    if accelerator is None or start_c is None:
        return True
    waited_s = 0.0
    while (accelerator.temperature_c() or 0) > start_c + _WITHIN_C:
        if waited_s >= _LONGEST_COOLING_S:
            return False
        sleep(_LOOK_S)
        waited_s += _LOOK_S
    return True
