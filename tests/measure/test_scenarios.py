import gc
from contextlib import contextmanager

import msgspec
import numpy as np
import pytest

from benchsuite.contract import LoopingSession, PartedSession
from benchsuite.measure import scenarios
from benchsuite.measure.protocol import PROTOCOLS, TOUR
from benchsuite.measure.scenarios import Sampler

PROTOCOL = msgspec.structs.replace(
    TOUR,
    warmup_calls=3,
    slow_warmup_calls=3,
    warmup_s=0.05,
    latency_calls=10,
    latency_s=0.2,
    latency_cap_s=1.0,
    windows=4,
    window_s=0.5,
    window_calls=2,
)
MS = 1_000_000


class FakeSession:
    """A device with a clock of its own: submitting is free, finishing takes time."""

    def __init__(self, seconds, first=None):
        self.now_ns = 0
        self.seconds = seconds
        self.first = seconds if first is None else first
        self.pending = 0.0
        self.calls = []
        self.graph = type("G", (), {"input_shape": (2, 2, 1)})()

    def infer(self, placed):
        self.pending += self.first if not self.calls else self.seconds
        self.calls.append(placed)

    def predict(self, images):
        self.infer(images)
        self.synchronize()
        return images

    def train(self, batches, rates):
        assert len(batches) == len(rates)
        for batch in batches:
            self.infer(batch)

    def synchronize(self):
        self.now_ns += round(self.pending * 1e9)
        self.pending = 0.0


@pytest.fixture
def session(monkeypatch):
    def make(seconds, first=None):
        fake = FakeSession(seconds, first)
        monkeypatch.setattr(scenarios, "perf_counter_ns", lambda: fake.now_ns)
        return fake

    return make


def test_latency_is_that_of_the_finished_device_and_not_of_submission(session):
    fake = session(0.01, first=2.0)
    found = Sampler(fake, PROTOCOL).latency(["a", "b", "c"])
    assert (found.metric, found.images) == ("latency", 1)
    assert found.samples == pytest.approx([10 * MS] * 20)
    assert found.warmups == pytest.approx([2000 * MS, *[10 * MS] * 5])


def test_latency_from_the_host_ends_on_the_host(session):
    fake = session(0.01)
    batches = scenarios.synthetic_batches(fake, 1, PROTOCOL, 10, seed=0)
    found = Sampler(fake, PROTOCOL).host_latency(batches)
    assert found.metric == "latency_host"
    assert found.samples == pytest.approx([10 * MS] * 20)
    assert fake.calls[0] is batches[0].images


def test_figure_says_whether_its_warm_up_settled(session):
    patient = msgspec.structs.replace(PROTOCOL, until_steady=True, warmup_cap_s=0.5)
    assert Sampler(session(0.1), patient).latency(["a"]).flags == ("not_steady",)
    settled = msgspec.structs.replace(patient, warmup_cap_s=20.0)
    assert Sampler(session(0.1), settled).latency(["a"]).flags == ()
    assert Sampler(session(0.1), PROTOCOL).latency(["a"]).flags == ()


def test_figure_is_watched_while_it_is_sampled(session):
    found = Sampler(session(0.01), PROTOCOL).latency(["a"])
    assert found.reading.seconds > 0


def test_latency_cycles_its_inputs(session):
    fake = session(0.01)
    Sampler(fake, PROTOCOL).latency(["a", "b", "c"])
    assert fake.calls[:4] == ["a", "b", "c", "a"]


def test_latency_of_a_slow_network_ends_at_the_cap(session):
    found = Sampler(session(0.4), PROTOCOL).latency(["a"])
    assert len(found.samples) == 3


def test_latency_of_a_tiny_network_takes_no_more_samples_than_the_protocol_says(session):
    found = Sampler(session(1e-6), PROTOCOL).latency(["a"])
    assert len(found.samples) == len(found.warmups) == PROTOCOL.most_samples


def test_throughput_is_images_over_the_windows_time(session):
    found = Sampler(session(0.1), PROTOCOL).throughput(["a"], 32)
    assert (found.metric, found.batch_size) == ("inference_throughput", 32)
    assert (found.images, found.calls) == (160, 5)
    assert found.samples == pytest.approx([500 * MS] * 4)


def test_throughput_windows_are_sized_by_the_steady_state_and_not_by_the_first_call(session):
    fake = session(0.1, first=30.0)
    Sampler(fake, PROTOCOL).throughput(["a"], 32)
    assert len(fake.calls) == 3 + 4 * 5


def test_training_throughput_is_measured_over_whole_windows(session):
    fake = session(0.1)
    found = Sampler(fake, PROTOCOL).training(["a", "b"], 8, 0.5)
    assert (found.metric, found.images) == ("training_throughput", 40)
    assert found.samples == pytest.approx([500 * MS] * 4)
    assert len(fake.calls) == 3 + 4 * 5


class FakePartedSession(FakeSession, PartedSession):
    """Its parts take a half and the whole of what its steps take."""

    def run_part(self, placed, part):
        self.pending += {"forward": self.seconds / 2, "backward": self.seconds}[part]
        self.calls.append((placed, part))


class FakeLoopingSession(FakeSession, LoopingSession):
    """Sets up its loop once, and then takes half the time."""

    loops = 0

    @contextmanager
    def inferring(self):
        self.loops += 1
        yield self._infer_within

    def _infer_within(self, placed):
        self.infer(placed)
        self.pending -= self.seconds / 2


def test_forward_passes_run_in_the_loop_that_a_session_sets_up_once(monkeypatch):
    fake = FakeLoopingSession(0.02)
    monkeypatch.setattr(scenarios, "perf_counter_ns", lambda: fake.now_ns)

    assert Sampler(fake, PROTOCOL).latency(["a"]).samples[0] == pytest.approx(10 * MS)
    assert fake.loops == 1
    assert Sampler(fake, PROTOCOL).throughput(["a"], 8).calls == 50
    assert fake.loops == 2


def test_parts_are_measured_over_fewer_and_shorter_windows(monkeypatch):
    fake = FakePartedSession(0.05)
    monkeypatch.setattr(scenarios, "perf_counter_ns", lambda: fake.now_ns)
    longer = msgspec.structs.replace(PROTOCOL, window_s=1.0)

    found, whole = Sampler(fake, longer).parts(["a", "b"], 8)

    assert (found.metric, found.batch_size, found.calls) == ("training_forward", 8, 20)
    assert found.samples == pytest.approx([500 * MS] * 3)
    assert found.warmups == pytest.approx([25 * MS] * 3)
    assert fake.calls[:3] == [("a", "forward"), ("b", "forward"), ("a", "forward")]
    forward = [part for _, part in fake.calls].count("forward")
    assert forward == 3 + 3 * 20
    assert (whole.metric, whole.calls) == ("training_backward", 10)


def test_parts_are_measured_no_longer_than_the_protocol_says(monkeypatch):
    fake = FakePartedSession(0.05)
    monkeypatch.setattr(scenarios, "perf_counter_ns", lambda: fake.now_ns)
    shorter = msgspec.structs.replace(PROTOCOL, windows=2, window_s=0.1)

    found, _ = Sampler(fake, shorter).parts(["a"], 8)

    assert (len(found.samples), found.calls) == (2, 4)


def test_synthetic_batches_are_distinct_random_and_seeded(session):
    fake = session(0.1)
    batches = scenarios.synthetic_batches(fake, 3, PROTOCOL, 10, seed=1)
    assert len(batches) == PROTOCOL.pool
    assert batches[0].images.shape == (3, 2, 2, 1)
    assert batches[0].images.dtype == np.float32
    assert not np.array_equal(batches[0].images, batches[1].images)
    again = scenarios.synthetic_batches(fake, 3, PROTOCOL, 10, seed=1)
    assert np.array_equal(batches[5].images, again[5].images)
    pixels = np.stack([batch.images for batch in batches])
    assert abs(pixels.mean()) < 0.1
    assert abs(pixels.std() - 1) < 0.1


def test_synthetic_batches_stay_within_their_memory(session, monkeypatch):
    monkeypatch.setattr(scenarios, "_POOL_BYTES", 4 * 3 * 2 * 2 * 5)
    assert len(scenarios.synthetic_batches(session(0.1), 3, PROTOCOL, 10, seed=1)) == 5
    assert len(scenarios.synthetic_batches(session(0.1), 300, PROTOCOL, 10, seed=1)) == 2


def test_quiet_collector_collects_nothing_inside_and_restores_outside():
    assert gc.isenabled()
    with scenarios.quiet_collector():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_protocols_are_found_by_the_name_that_records_carry():
    assert all(name == protocol.name for name, protocol in PROTOCOLS.items())
