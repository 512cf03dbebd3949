"""The clock: latency, throughput and training steps of one session.

Every interval is closed by `Session.synchronize()`, before the clock is read at either
end; the instrument is the same for every backend.
"""

from __future__ import annotations

import gc
import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter_ns
from typing import Any

import numpy as np

from benchsuite.contract import Batch, Session
from benchsuite.measure.protocol import Protocol
from benchsuite.records import Measurement

_NS_PER_S = 1_000_000_000
#: Keeps a pool of inputs, of whatever size, under this much memory.
_POOL_BYTES = 256 * 2**20


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


def synthetic_batches(
    session: Session, batch_size: int, protocol: Protocol, classes: int, seed: int
) -> list[Batch]:
    """Distinct batches of N(0, 1) float32 images and random labels.

    Never zeros, which cost less energy and time on some devices, and never one only.
    """
    shape = (batch_size, *session.graph.input_shape)
    count = max(2, min(protocol.pool, _POOL_BYTES // (4 * int(np.prod(shape)))))
    generator = np.random.default_rng(seed)
    return [
        Batch(
            generator.standard_normal(shape, np.float32),
            generator.integers(0, classes, batch_size, np.int64),
        )
        for _ in range(count)
    ]


def measure_latency(session: Session, placed: Sequence[Any], protocol: Protocol) -> Measurement:
    """Seconds of one forward pass, input on the device to logits complete: a closed loop.

    MLPerf inference's SingleStream. `warmups` starts with the very first call.
    """
    pool = itertools.cycle(placed)

    def call() -> None:
        session.infer(next(pool))

    warmups = _warm_up(session, call, protocol)
    values: list[float] = []
    start = perf_counter_ns()
    while not _enough(len(values), _since(start), protocol):
        values.append(_timed(session, call))
    return Measurement(
        metric="latency", unit="s", better="lower", values=tuple(values), warmups=tuple(warmups)
    )


def measure_throughput(
    session: Session, placed: Sequence[Any], batch_size: int, protocol: Protocol
) -> Measurement:
    """Images per second over windows of queued forward passes: MLPerf's Offline."""
    pool = itertools.cycle(placed)

    def call() -> None:
        session.infer(next(pool))

    warmups = _warm_up(session, call, protocol)
    return Measurement(
        metric="inference_throughput",
        unit="images/s",
        better="higher",
        values=tuple(_windows(session, call, batch_size, warmups, protocol)),
        warmups=tuple(batch_size / seconds for seconds in warmups),
    )


def measure_training(
    session: Session,
    placed: Sequence[Any],
    batch_size: int,
    learning_rate: float,
    protocol: Protocol,
) -> Measurement:
    """Images per second of training steps on resident data: forward, backward and update."""
    pool = itertools.cycle(placed)

    def call() -> None:
        session.train([next(pool)], [learning_rate])

    warmups = _warm_up(session, call, protocol)
    steps = _calls_per_window(warmups, protocol)
    rates = [learning_rate] * steps

    def window() -> None:
        session.train(list(itertools.islice(pool, steps)), rates)

    values = [batch_size * steps / _timed(session, window) for _ in range(protocol.windows)]
    return Measurement(
        metric="training_throughput",
        unit="images/s",
        better="higher",
        values=tuple(values),
        warmups=tuple(batch_size / seconds for seconds in warmups),
    )


def _windows(
    session: Session,
    call: Callable[[], None],
    batch_size: int,
    warmups: Sequence[float],
    protocol: Protocol,
) -> Iterator[float]:
    calls = _calls_per_window(warmups, protocol)

    def window() -> None:
        for _ in range(calls):
            call()

    for _ in range(protocol.windows):
        yield batch_size * calls / _timed(session, window)


def _calls_per_window(warmups: Sequence[float], protocol: Protocol) -> int:
    """Enough calls to fill a window, judged by the later half of the warm-up."""
    steady = float(np.median(warmups[len(warmups) // 2 :]))
    return max(protocol.window_calls, round(protocol.window_s / steady))


def _warm_up(session: Session, call: Callable[[], None], protocol: Protocol) -> list[float]:
    seconds: list[float] = []
    start = perf_counter_ns()
    while len(seconds) < protocol.warmup_calls or _since(start) < protocol.warmup_s:
        seconds.append(_timed(session, call))
        if len(seconds) == protocol.most_samples:
            break
    return seconds


def _enough(calls: int, elapsed_s: float, protocol: Protocol) -> bool:
    if elapsed_s >= protocol.latency_cap_s or calls >= protocol.most_samples:
        return calls > 0
    return calls >= protocol.latency_calls and elapsed_s >= protocol.latency_s


def _timed(session: Session, call: Callable[[], None]) -> float:
    """Seconds from an idle device to an idle device."""
    session.synchronize()
    start = perf_counter_ns()
    call()
    session.synchronize()
    return (perf_counter_ns() - start) / _NS_PER_S


def _since(start_ns: int) -> float:
    return (perf_counter_ns() - start_ns) / _NS_PER_S
