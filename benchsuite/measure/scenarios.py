"""The scenarios: what is called how often, and what of it is timed.

Every interval is closed by `Session.synchronize()`, before the clock is read at either
end; the instrument is the same for every backend.
"""

import gc
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from time import perf_counter_ns
from typing import Any, Literal

import numpy as np

from benchsuite.contract import Batch, LoopingSession, PartedSession, Session, Workload
from benchsuite.measure.machine.watch import Watch
from benchsuite.measure.protocol import Protocol
from benchsuite.measure.warmup import warm_up
from benchsuite.metrics.declared import (
    BACKWARD,
    FORWARD,
    HOST_LATENCY,
    INFERENCE,
    LATENCY,
    TRAINING,
)
from benchsuite.records.series import Series

_NS_PER_S = 1_000_000_000
#: Keeps a pool of inputs, of whatever size, under this much memory.
_POOL_BYTES = 256 * 2**20
#: Of a step's parts, which are no more than an explanation of the step: at most.
_PART_WINDOWS, _PART_WINDOW_S = 3, 0.5
_PARTS: Mapping[str, Literal["forward", "backward"]] = {
    FORWARD.name: "forward",
    BACKWARD.name: "backward",
}


@contextmanager
def quiet_collector() -> Iterator[None]:
    """No garbage collection while a clock runs."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


@contextmanager
def forward_passes(session: Session) -> Iterator[Callable[[Any], Any]]:
    """`infer`, in the loop that the session sets up, where it does."""
    if not isinstance(session, LoopingSession):
        yield session.infer
        return
    with session.inferring() as infer:
        yield infer


def synthetic_batches(
    session: Session, batch_size: int, protocol: Protocol, classes: int, seed: int
) -> list[Batch]:
    """Distinct batches of N(0, 1) float32 images and random labels.

    Never zeros, which cost less energy and time on some devices, and never one only.
    """
    shape = (batch_size, *session.graph.input_shape)
    # Two at least: what is the same each time could be answered from a cache.
    count = max(2, min(protocol.pool, _POOL_BYTES // (4 * int(np.prod(shape)))))
    generator = np.random.default_rng(seed)
    return [
        Batch(
            generator.standard_normal(shape, np.float32),
            generator.integers(0, classes, batch_size, np.int64),
        )
        for _ in range(count)
    ]


@dataclass(frozen=True, slots=True)
class Sampler:
    """Samples the figures of one network; its device, such as `cuda:0`, is watched meanwhile."""

    session: Session
    protocol: Protocol
    device: str = "cpu"

    def latency(self, placed: Sequence[Any]) -> Series:
        """MLPerf's SingleStream: one image after another, from the device to complete logits."""
        pool = itertools.cycle(placed)
        with forward_passes(self.session) as infer:
            return self._single_stream(LATENCY.name, lambda: infer(next(pool)))

    def host_latency(self, batches: Sequence[Batch]) -> Series:
        """The same from an array on the host to logits on the host."""
        pool = itertools.cycle(batches)
        predict = self.session.predict
        return self._single_stream(HOST_LATENCY.name, lambda: predict(next(pool).images))

    def throughput(self, placed: Sequence[Any], batch_size: int) -> Series:
        """Windows of queued forward passes: MLPerf's Offline."""
        with forward_passes(self.session) as infer:
            return self._windows(INFERENCE.name, _each(infer, placed), batch_size)

    def training(self, placed: Sequence[Any], batch_size: int, learning_rate: float) -> Series:
        """Windows of training steps on resident data: forward, backward and update."""
        pool = itertools.cycle(placed)

        def calls(count: int) -> None:
            self.session.train(list(itertools.islice(pool, count)), [learning_rate] * count)

        return self._windows(TRAINING.name, calls, batch_size)

    def parts(self, placed: Sequence[Any], batch_size: int) -> Iterator[Series]:
        """Windows of the beginnings of training steps (`step_parts`); none of a session without."""
        session = self.session
        if not isinstance(session, PartedSession):
            return
        # Not until times settle: whole steps have run until they did.
        shorter = self.protocol.shortened(_PART_WINDOWS, _PART_WINDOW_S)
        for metric, part in _PARTS.items():
            begin = partial(session.run_part, part=part)
            yield self._windows(metric, _each(begin, placed), batch_size, shorter)

    def _single_stream(self, metric: str, call: Callable[[], object]) -> Series:
        protocol, samples = self.protocol, list[int]()
        warmups, steady = warm_up(lambda: timed(self.session, call), protocol)
        watch, start = Watch(self.device), perf_counter_ns()
        while not _enough(len(samples), (perf_counter_ns() - start) / _NS_PER_S, protocol):
            samples.append(timed(self.session, call))
        return Series(
            metric=metric,
            batch_size=1,
            images=1,
            samples=tuple(samples),
            warmups=tuple(warmups),
            reading=watch.reading(),
            flags=unsteady(steady, protocol),
        )

    def _windows(
        self,
        metric: str,
        calls: Callable[[int], None],
        batch_size: int,
        protocol: Protocol | None = None,
    ) -> Series:
        session, protocol = self.session, protocol or self.protocol
        warmups, steady = warm_up(lambda: timed(session, lambda: calls(1)), protocol)
        count = calls_per_window(warmups, protocol)
        # After the warm-up: what disturbs that is in no sample.
        watch = Watch(self.device)
        samples = [timed(session, lambda: calls(count)) for _ in range(protocol.windows)]
        return Series(
            metric=metric,
            batch_size=batch_size,
            images=batch_size * count,
            calls=count,
            samples=tuple(samples),
            warmups=tuple(warmups),
            reading=watch.reading(),
            flags=unsteady(steady, protocol),
        )


def _each(do: Callable[[Any], object], placed: Sequence[Any]) -> Callable[[int], None]:
    """So many calls, on each of these in turn."""
    pool = itertools.cycle(placed)

    def calls(count: int) -> None:
        for batch in itertools.islice(pool, count):
            do(batch)

    return calls


def timed(on: Session | Workload, call: Callable[[], object]) -> int:
    """Nanoseconds from an idle device to an idle device."""
    on.synchronize()
    start = perf_counter_ns()
    call()
    on.synchronize()
    return perf_counter_ns() - start


def calls_per_window(warmups: Sequence[int], protocol: Protocol) -> int:
    """Enough calls to fill a window, judged by the later half of the warm-up."""
    # The earlier half compiles and settles.
    steady = float(np.median(warmups[len(warmups) // 2 :]))
    return max(protocol.window_calls, round(protocol.window_s * _NS_PER_S / steady))


def unsteady(steady: bool, protocol: Protocol) -> tuple[str, ...]:
    """The flag of a figure whose warm-up should have settled, and has not."""
    return ("not_steady",) if protocol.until_steady and not steady else ()


def _enough(calls: int, elapsed_s: float, protocol: Protocol) -> bool:
    if elapsed_s >= protocol.latency_cap_s or calls >= protocol.most_samples:
        return calls > 0
    return calls >= protocol.latency_calls and elapsed_s >= protocol.latency_s
