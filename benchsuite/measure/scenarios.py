"""The scenarios: what is called how often, and what of it is timed.

Every interval is closed by `Session.synchronize()`, before the clock is read at either
end; the instrument is the same for every backend.
"""

import gc
import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter_ns
from typing import Any, Literal
from typing import Protocol as Interface

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from benchsuite.contract import Batch, LoopingSession, PartedSession, Session, Workload
from benchsuite.contract.answers import check_losses
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


#: Called in a loop of forward passes once its clock has stopped: with what was timed, the answer
#: of the last call, the index of its input, and the series.
AfterLoop = Callable[[Callable[[Any], Any], Any, int, Series], None]


class StepsWitness(Interface):
    """What looks at timed training steps; first: the steps before them, of warm-up."""

    first: int
    losses: NDArray[np.floating]

    def warm(self, taken: int) -> None:
        """Called after so many steps of warm-up, before the first window; no clock runs."""


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
    count = max(2, min(protocol.pool, _POOL_BYTES // (4 * int(np.prod(shape)))))
    generator = np.random.default_rng(seed)
    return [
        Batch(
            generator.standard_normal(shape, np.float32),
            generator.integers(0, classes, batch_size, np.int64),
        )
        for _ in range(count)
    ]


def measure_latency(
    session: Session,
    placed: Sequence[Any],
    protocol: Protocol,
    *,
    device: str = "cpu",
    then: AfterLoop | None = None,
) -> Series:
    """One forward pass of one image, input on the device to logits complete: a closed loop.

    MLPerf inference's SingleStream.
    """
    pool = itertools.cycle(placed)
    answer: Any = None
    with forward_passes(session) as infer:

        def call() -> None:
            nonlocal answer
            answer = infer(next(pool))

        series = _single_stream(LATENCY.name, lambda: timed(session, call), protocol, device=device)
        if then:
            then(infer, answer, _last(placed, next(pool)), series)
        return series


def measure_host_latency(
    session: Session, batches: Sequence[Batch], protocol: Protocol, *, device: str = "cpu"
) -> Series:
    """The same from an array on the host to logits on the host."""
    pool = itertools.cycle(batches)

    def call() -> None:
        session.predict(next(pool).images)

    return _single_stream(HOST_LATENCY.name, lambda: timed(session, call), protocol, device=device)


def measure_throughput(
    session: Session,
    placed: Sequence[Any],
    batch_size: int,
    protocol: Protocol,
    *,
    device: str = "cpu",
    then: AfterLoop | None = None,
) -> Series:
    """Windows of queued forward passes: MLPerf's Offline."""
    metric, pool = INFERENCE.name, itertools.cycle(placed)
    answer: Any = None
    with forward_passes(session) as infer:

        def calls(count: int) -> None:
            nonlocal answer
            for batch in itertools.islice(pool, count):
                answer = infer(batch)

        series = _windows(metric, session, calls, batch_size, protocol, device=device)
        if then:
            then(infer, answer, _last(placed, next(pool)), series)
        return series


def measure_training(
    session: Session,
    placed: Sequence[Any],
    batch_size: int,
    learning_rate: float,
    protocol: Protocol,
    *,
    device: str = "cpu",
    witness: StepsWitness | None = None,
) -> Series:
    """Windows of training steps on resident data: forward, backward and update."""
    pool = itertools.cycle(placed)
    taken = 0
    found: list[NDArray[np.floating]] = []

    def calls(count: int) -> None:
        nonlocal taken
        steps = list(itertools.islice(pool, count))
        found.append(session.train(steps, [learning_rate] * count))
        taken += count

    def warm() -> None:
        if witness:
            witness.warm(taken)

    series = _windows(TRAINING.name, session, calls, batch_size, protocol, device=device, warm=warm)
    if witness:
        losses = np.concatenate(found)
        check_losses(losses, taken)
        witness.losses = losses[witness.first :]
    return series


def measure_part(
    session: PartedSession,
    part: Literal["forward", "backward"],
    placed: Sequence[Any],
    batch_size: int,
    protocol: Protocol,
    *,
    device: str = "cpu",
) -> Series:
    """Windows of the beginning of training steps: see `benchsuite.measure.step_parts`."""
    pool = itertools.cycle(placed)

    def calls(count: int) -> None:
        for batch in itertools.islice(pool, count):
            session.run_part(batch, part)

    shorter = replace(
        protocol,
        windows=min(protocol.windows, _PART_WINDOWS),
        window_s=min(protocol.window_s, _PART_WINDOW_S),
        until_steady=False,  # whole steps have run until they were
    )
    metric = {"forward": FORWARD, "backward": BACKWARD}[part].name
    return _windows(metric, session, calls, batch_size, shorter, device=device)


def _last(placed: Sequence[Any], following: Any) -> int:  # noqa: ANN401 - opaque to the core
    """The index of the pool's member before the one that would be next."""
    places = (index for index, one in enumerate(placed) if one is following)
    return (next(places) - 1) % len(placed)


def timed(on: Session | Workload, call: Callable[[], object]) -> int:
    """Nanoseconds from an idle device to an idle device."""
    on.synchronize()
    start = perf_counter_ns()
    call()
    on.synchronize()
    return perf_counter_ns() - start


def calls_per_window(warmups: Sequence[int], protocol: Protocol) -> int:
    """Enough calls to fill a window, judged by the later half of the warm-up."""
    steady = float(np.median(warmups[len(warmups) // 2 :]))
    return max(protocol.window_calls, round(protocol.window_s * _NS_PER_S / steady))


def _single_stream(
    metric: str, sample: Callable[[], int], protocol: Protocol, *, device: str
) -> Series:
    warmups, steady = warm_up(sample, protocol)
    samples: list[int] = []
    watch, start = Watch(device), perf_counter_ns()
    while not _enough(len(samples), (perf_counter_ns() - start) / _NS_PER_S, protocol):
        samples.append(sample())
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
    metric: str,
    session: Session,
    calls: Callable[[int], None],
    batch_size: int,
    protocol: Protocol,
    *,
    device: str,
    warm: Callable[[], None] = lambda: None,
) -> Series:
    warmups, steady = warm_up(lambda: timed(session, lambda: calls(1)), protocol)
    count = calls_per_window(warmups, protocol)
    warm()
    watch = Watch(device)
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


def unsteady(steady: bool, protocol: Protocol) -> tuple[str, ...]:
    """The flag of a figure whose warm-up should have settled, and has not."""
    return ("not_steady",) if protocol.until_steady and not steady else ()


def _enough(calls: int, elapsed_s: float, protocol: Protocol) -> bool:
    if elapsed_s >= protocol.latency_cap_s or calls >= protocol.most_samples:
        return calls > 0
    return calls >= protocol.latency_calls and elapsed_s >= protocol.latency_s
