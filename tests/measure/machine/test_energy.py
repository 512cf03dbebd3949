import itertools

import pytest
from fake_nvml import gpu, install
from msgspec.structs import replace

from benchsuite.errors import BenchsuiteError
from benchsuite.measure import scenarios
from benchsuite.measure.machine import energy
from benchsuite.measure.machine.energy import Counter, find_counter, measure_energy, measure_idle
from benchsuite.measure.protocol import FULL
from benchsuite.measure.scenarios import Sampler
from benchsuite.records.series import Reading

PROTOCOL = replace(FULL, warmup_calls=3, slow_warmup_calls=3, until_steady=False, window_calls=1)
WATTS, IDLE_WATTS = 200.0, 50.0


class Device:
    """A device with a clock and a counter of energy of its own.

    call_s: of a call by itself. queued_s: of one of several, without the way there and back.
    """

    def __init__(self, call_s, queued_s=None):
        self.call_s, self.queued_s = call_s, queued_s or call_s
        self.now_s = self.joules = 0.0
        self.pending = self.most_pending = self.calls = 0

    def infer(self, placed):
        self.pending += 1
        self.most_pending = max(self.most_pending, self.pending)

    def synchronize(self):
        took = self.call_s if self.pending == 1 else self.queued_s
        for _ in range(self.pending):
            self.calls += 1
            self.now_s += took
            self.joules += WATTS * took
        self.pending = 0

    def sleep(self, seconds):
        self.now_s += seconds
        self.joules += IDLE_WATTS * seconds

    @property
    def counter(self):
        return Counter(lambda: [round(self.joules * 1e6)], [None])


@pytest.fixture
def device(monkeypatch):
    def make(*args):
        made = Device(*args)
        for module in (energy, scenarios):
            monkeypatch.setattr(module, "perf_counter_ns", lambda: round(made.now_s * 1e9))
        monkeypatch.setattr(energy, "sleep", made.sleep)
        return made

    return make


def measured(device, name="cpu"):
    return measure_energy(Sampler(device, PROTOCOL, name), ["a"], 8, device.counter)


def test_idle_power_is_watched_for_ten_seconds(device):
    idle = device(0.1)

    found = measure_idle(idle.counter, "cpu")

    assert (found.metric, found.samples) == ("idle_power", (10_000_000_000,))
    assert found.energy_uj == (500_000_000,)


def test_windows_are_three_and_of_ten_seconds_at_least(device):
    busy = device(0.1)

    found = measured(busy)

    assert (found.metric, found.batch_size, len(found.samples)) == ("energy_per_image", 8, 3)
    assert all(10e9 <= sample < 13e9 for sample in found.samples)
    assert found.images == 8 * found.calls
    assert found.energy_uj == pytest.approx([WATTS * 0.1 * found.calls * 1e6] * 3)
    assert energy.refusal(found) == ""


def test_windows_are_long_enough_where_calls_are_faster_in_a_queue(device):
    """The warm-up makes them one by one."""
    found = measured(device(0.1, 0.01))

    assert all(10e9 <= sample < 13e9 for sample in found.samples)


def test_queue_is_emptied_about_once_a_second(device):
    busy = device(0.01)

    measured(busy)

    assert busy.most_pending <= 101


def test_registers_that_begin_anew_are_counted_on():
    counter = Counter(tuple, (100, 100, None))

    assert counter.spent_uj((90, 10, 1000), (20, 30, 1500)) == 30 + 20 + 500


def write_zone(folder, name, energy_uj, range_uj):
    folder.mkdir(parents=True)
    (folder / "name").write_text(f"{name}\n")
    (folder / "energy_uj").write_text(f"{energy_uj}\n")
    (folder / "max_energy_range_uj").write_text(f"{range_uj}\n")


@pytest.fixture
def powercap(monkeypatch, tmp_path):
    """Two packages with what they hold, as Linux shows them."""
    zones = {
        "intel-rapl:0": ("package-0", 1000, 9999),
        "intel-rapl:0:0": ("core", 1, 9999),
        "intel-rapl:0:1": ("dram", 200, 999),
        "intel-rapl:1": ("package-1", 3000, 9999),
        "intel-rapl:2": ("psys", 5, 9999),
        "intel-rapl-mmio:0": ("package-0", 1000, 9999),
    }
    for folder, zone in zones.items():
        write_zone(tmp_path / folder, *zone)
    monkeypatch.setattr(energy, "_POWERCAP", tmp_path)
    return tmp_path


def test_processors_are_counted_with_their_memory_and_nothing_twice(powercap):
    counter = find_counter("cpu")

    assert list(counter.read()) == [1000, 200, 3000]
    assert list(counter.ranges) == [9999, 999, 9999]


def test_processors_whose_counter_only_root_may_read_have_none(powercap):
    (powercap / "intel-rapl:0:1" / "energy_uj").unlink()
    (powercap / "intel-rapl:0:1" / "energy_uj").mkdir()  # unreadable, even for root

    assert find_counter("cpu") is None


def test_machine_without_counters_has_none(monkeypatch, tmp_path):
    monkeypatch.setattr(energy, "_POWERCAP", tmp_path / "none")
    install(monkeypatch)

    assert (find_counter("cpu"), find_counter("cuda:0"), find_counter("mps")) == (None, None, None)


def test_gpu_is_counted_by_its_driver(monkeypatch):
    install(monkeypatch, gpu(TotalEnergyConsumption=7))

    assert list(find_counter("cuda:0").read()) == [7000]


@pytest.mark.parametrize("change", [{"TotalEnergyConsumption": None}, {"MigMode": [1, 1]}])
def test_gpu_that_does_not_count_or_is_shared_out_has_none(monkeypatch, change):
    install(monkeypatch, gpu(**change))

    assert find_counter("cuda:0") is None


def test_gpu_that_counts_no_more_is_an_error(monkeypatch):
    answering = gpu()
    install(monkeypatch, answering)
    counter = find_counter("cuda:0")
    del answering["nvmlDeviceGetTotalEnergyConsumption"]

    with pytest.raises(BenchsuiteError, match="no longer tells its energy"):
        counter.read()


@pytest.mark.parametrize(("coolest", "flags"), [(42, ()), (43, ("not_cooled",))])
def test_window_waits_until_the_gpu_is_as_cool_as_before(monkeypatch, device, coolest, flags):
    """It starts at 40 °C and has 80 °C after a window, of which it loses one a second."""
    busy = device(0.1)
    heat = {"calls": None, "at_s": 0.0}

    def temperature(sensor):
        if heat["calls"] is None:
            heat["calls"] = busy.calls
            return 40
        if busy.calls == heat["calls"]:
            return max(coolest, 80 - round(busy.now_s - heat["at_s"])) if heat["at_s"] else 40
        heat.update(calls=busy.calls, at_s=busy.now_s)
        return 80

    waits = []
    monkeypatch.setattr(energy, "sleep", lambda s: (waits.append(s), busy.sleep(s)))
    monkeypatch.setattr(energy, "Watch", lambda device: FakeWatch())
    install(monkeypatch, gpu(Temperature=temperature))

    found = measured(busy, "cuda:0")

    assert found.flags == flags
    assert sum(waits) == pytest.approx(2 * (38 if not flags else energy._LONGEST_COOLING_S))
    assert max(found.samples) < 13e9  # the wait is in no window


class FakeWatch:
    """Reads no temperature, which the test above counts on."""

    def reading(self):
        return Reading(seconds=1.0, cores_used=1.0)


def test_inputs_take_turns(device):
    busy, seen = device(0.1), []
    infer = busy.infer
    busy.infer = lambda placed: (seen.append(placed), infer(placed))

    measure_energy(Sampler(busy, PROTOCOL), ["a", "b"], 8, busy.counter)

    assert all(first != second for first, second in itertools.pairwise(seen))
