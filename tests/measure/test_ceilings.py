"""Products and copies on a device whose speed is known."""

import pytest

from benchsuite.measure import ceilings, scenarios
from benchsuite.measure.ceilings import best_copy, best_product, probe_copies, probe_products
from benchsuite.measure.protocol import FULL, SMOKE
from benchsuite.records import CeilingProbe

MIB = 2**20
PLENTY = 2.0**60


class Device:
    """Queues work, and takes its time for it when somebody waits."""

    def __init__(self, seconds):
        self.seconds = seconds
        self.now_ns = 0
        self.queued = []

    def open(self, extent):
        device = self

        class Work:
            operands = ()

            def submit(self):
                device.queued.append(extent)

            def synchronize(self):
                device.now_ns += sum(round(device.seconds(x) * 1e9) for x in device.queued)
                device.queued.clear()

        return Work()


@pytest.fixture
def device(monkeypatch):
    def make(seconds):
        made = Device(seconds)
        monkeypatch.setattr(scenarios, "perf_counter_ns", lambda: made.now_ns)
        return made

    return make


def test_sizes_double_while_a_product_takes_less_than_a_second(device):
    slow = device(lambda size: 2 * size**3 / 1e9)

    probes = list(probe_products(slow.open, 4, PLENTY, FULL))

    assert [probe.extent for probe in probes] == [256, 512]  # 1024 would take 2.1 s
    assert best_product(probes)[0] == pytest.approx(1e9, rel=1e-6)


def test_sizes_end_with_the_largest(device):
    fast = device(lambda _: 0.001)

    probes = list(probe_products(fast.open, 4, PLENTY, FULL))

    assert [probe.extent for probe in probes] == [256 * 2**n for n in range(7)]


def test_products_fit_into_the_memory_but_the_smallest_is_taken_anyway(device):
    fast = device(lambda _: 0.001)
    less_than_three_of_2048 = 3 * 2048**2 * 4 - 1

    fitting = list(probe_products(fast.open, 4, less_than_three_of_2048, FULL))
    smallest = list(probe_products(fast.open, 4, 0, FULL))

    assert [probe.extent for probe in fitting] == [256, 512, 1024]
    assert [probe.extent for probe in smallest] == [256]


def test_arrays_are_of_so_many_bytes_and_fit_into_the_memory(device):
    fast = device(lambda _: 0.001)

    all_four = list(probe_copies(fast.open, 2, PLENTY, FULL))
    fitting = list(probe_copies(fast.open, 4, 2 * 256 * MIB, FULL))

    assert [2 * probe.extent for probe in all_four] == [n * MIB for n in (64, 128, 256, 512)]
    assert [4 * probe.extent for probe in fitting] == [n * MIB for n in (64, 128, 256)]
    assert len(list(probe_copies(fast.open, 4, 0, FULL))) == 1


def test_windows_are_long_enough(device):
    fast = device(lambda _: 0.001)

    (probe, *_) = probe_copies(fast.open, 4, PLENTY, FULL)

    assert (probe.calls, len(probe.samples)) == (300, 5)
    assert set(probe.samples) == {300_000_000}


def test_a_smoke_test_takes_no_time(device):
    fast = device(lambda _: 0.001)

    (probe, *_) = probe_copies(fast.open, 4, PLENTY, SMOKE)

    assert (probe.calls, len(probe.samples)) == (1, 2)


def _probe(extent, *samples, calls=1):
    return CeilingProbe(extent=extent, calls=calls, samples=samples)


def test_the_best_median_wins():
    """Not the fastest window: that of the second size is luck."""
    probes = [_probe(100, 1000, 1000, 1000), _probe(200, 1000, 9000, 10_000)]

    assert best_product(probes) == (2 * 100**3 / 1e-6, 100)


def test_a_window_holds_several_calls():
    assert best_product([_probe(100, 4000, calls=4)]) == (2 * 100**3 / 1e-6, 100)


def test_copied_bytes_are_read_and_written():
    probes = [_probe(1000, 1000, 1000, 1000), _probe(4000, 2000, 2000, 2000)]

    assert best_copy(probes, 4) == (2 * 4 * 4000 / 2e-6, 4000)


def test_limits_are_those_of_the_method():
    assert (ceilings.SMALLEST, ceilings.LARGEST) == (256, 16_384)
