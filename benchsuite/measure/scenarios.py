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
from typing import Protocol as Interface

import numpy as np
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
_PARTS: Mapping[str, Literal["forward", "backward"]] = {
    FORWARD.name: "forward",
    BACKWARD.name: "backward",
}


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

    def latency(self, placed: Sequence[Any], then: AfterLoop | None = None) -> Series:
        """MLPerf's SingleStream: one image after another, from the device to complete logits."""
        loop = _Loop(placed)
        with forward_passes(self.session) as infer:
            series = self._single_stream(LATENCY.name, partial(loop.call, infer))
            return loop.ended(series, infer, then)

    def host_latency(self, batches: Sequence[Batch]) -> Series:
        """The same from an array on the host to logits on the host."""
        pool = itertools.cycle(batches)
        predict = self.session.predict
        return self._single_stream(HOST_LATENCY.name, lambda: predict(next(pool).images))

    def throughput(
        self, placed: Sequence[Any], batch_size: int, then: AfterLoop | None = None
    ) -> Series:
        """Windows of queued forward passes: MLPerf's Offline."""
        loop = _Loop(placed)
        with forward_passes(self.session) as infer:
            series = self._windows(INFERENCE.name, partial(loop.calls, infer), batch_size)
            return loop.ended(series, infer, then)

    def training(
        self,
        placed: Sequence[Any],
        batch_size: int,
        learning_rate: float,
        witness: StepsWitness | None = None,
    ) -> Series:
        """Windows of training steps on resident data: forward, backward and update."""
        pool = itertools.cycle(placed)
        taken, found = 0, list[NDArray[np.floating]]()

        def calls(count: int) -> None:
            nonlocal taken
            steps = list(itertools.islice(pool, count))
            found.append(self.session.train(steps, [learning_rate] * count))
            taken += count

        def warm() -> None:
            if witness:
                witness.warm(taken)

        series = self._windows(TRAINING.name, calls, batch_size, warm=warm)
        if witness:
            losses = np.concatenate(found)
            check_losses(losses, taken)
            witness.losses = losses[witness.first :]
        return series

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
        warm: Callable[[], None] = lambda: None,
    ) -> Series:
        session, protocol = self.session, protocol or self.protocol
        warmups, steady = warm_up(lambda: timed(session, lambda: calls(1)), protocol)
        count = calls_per_window(warmups, protocol)
        warm()
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


class _Loop:
    """Calls on each input in turn, of which the last answer is kept."""

    def __init__(self, placed: Sequence[Any]) -> None:
        self._placed, self._pool = placed, itertools.cycle(placed)
        self._answer: Any = None

    def call(self, infer: Callable[[Any], Any]) -> None:
        """One of them."""
        self._answer = infer(next(self._pool))

    def calls(self, infer: Callable[[Any], Any], count: int) -> None:
        """So many."""
        for batch in itertools.islice(self._pool, count):
            self._answer = infer(batch)

    def ended(self, series: Series, infer: Callable[[Any], Any], then: AfterLoop | None) -> Series:
        """The series, once somebody has looked at the loop that it is of."""
        if then:
            following = next(self._pool)
            places = (index for index, one in enumerate(self._placed) if one is following)
            then(infer, self._answer, (next(places) - 1) % len(self._placed), series)
        return series


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
