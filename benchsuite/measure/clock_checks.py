"""Whether a backend's clock can be believed: ways of looking fast, and a clock that costs."""

from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter_ns
from typing import Any

import numpy as np

from benchsuite.contract import Batch, Session
from benchsuite.measure.scenarios import forward_passes, timed

#: Of each kind.
_CALLS = 5
#: Fresh inputs that take so many times as long as those seen before.
_CACHED = 2.0
#: The way from host to host that takes so many times as long as its parts, and by how much: what
#: fetching logits takes by itself. Where less is hidden, the speed is looked at: see `proofs`.
_HIDDEN, _HIDDEN_NS = 2.0, 50_000
#: What waiting for an idle device may take, of a call and at all, and how often it is tried.
_WAITING, _WAITING_NS, _WAITS = 0.01, 1000, 20


def clock_flags(session: Session, placed: Sequence[Any], batches: Sequence[Batch]) -> list[str]:
    """Names of what is wrong; empty where nothing is.

    placed, batches: the same inputs, each seen before.
    `cached`: inputs that were seen before are answered faster than fresh ones.
    `unsynchronized`: logits reach the host long after `synchronize` said that they were done.
    """
    found = {
        "cached": _is_cached(session, placed, batches),
        "unsynchronized": _is_unsynchronized(session, placed, batches),
    }
    return [name for name, is_so in found.items() if is_so]


def waiting_flags(session: Session, samples: Sequence[int]) -> list[str]:
    """`sync_bound` where `synchronize`, with nothing to wait for, is a part of a call that shows.

    samples: nanoseconds of single calls, each of which was waited for.
    """
    waits = [_idle_ns(session) for _ in range(_WAITS)]
    return ["sync_bound"] if median(waits) > max(_WAITING * median(samples), _WAITING_NS) else []


def _is_cached(session: Session, placed: Sequence[Any], batches: Sequence[Batch]) -> bool:
    """Both kinds after a fresh input was placed, which cools the processor's caches."""
    seen: list[int] = []
    fresh: list[int] = []
    generator = np.random.default_rng()
    with forward_passes(session) as infer:  # a cache may live as long as the loop
        for one in placed[:_CALLS]:
            infer(one)
        for index in range(_CALLS):
            for known in (True, False):
                images = generator.standard_normal(batches[0].images.shape, np.float32)
                unseen = session.place(Batch(images, batches[0].labels))
                given = placed[index % len(placed)] if known else unseen
                (seen if known else fresh).append(_infer_ns(session, infer, given))
    return min(fresh) > _CACHED * median(seen)  # disturbances only ever add


def _is_unsynchronized(session: Session, placed: Sequence[Any], batches: Sequence[Batch]) -> bool:
    whole, parts = [], []
    for index in range(_CALLS):
        batch = batches[index % len(batches)]
        start = perf_counter_ns()
        session.predict(batch.images)
        whole.append(perf_counter_ns() - start)
        start = perf_counter_ns()
        session.place(batch)
        placing = perf_counter_ns() - start
        with forward_passes(session) as infer:
            taken = _infer_ns(session, infer, placed[index % len(placed)])
        parts.append(placing + taken)
    return min(whole) > _HIDDEN * median(parts) + _HIDDEN_NS


def _idle_ns(session: Session) -> int:
    start = perf_counter_ns()
    session.synchronize()
    return perf_counter_ns() - start


def _infer_ns(session: Session, infer: Callable[[Any], Any], placed: Any) -> int:  # noqa: ANN401 - opaque to the core
    return timed(session, lambda: infer(placed))
