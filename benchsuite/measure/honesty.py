"""Whether a backend's clock can be believed: two ways of looking fast that are found out here."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from time import perf_counter_ns
from typing import Any

import numpy as np

from benchsuite.contract import Batch, Session

#: Of each kind.
_CALLS = 5
#: Fresh inputs that take so many times as long as those seen before.
_CACHED = 2.0
#: The way from host to host that takes so many times as long as its parts, and by how much.
_HIDDEN, _HIDDEN_NS = 2.0, 500_000


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


def _is_cached(session: Session, placed: Sequence[Any], batches: Sequence[Batch]) -> bool:
    seen, fresh = [], []
    generator = np.random.default_rng()
    for index in range(_CALLS):
        seen.append(_infer_ns(session, placed[index % len(placed)]))
        images = generator.standard_normal(batches[0].images.shape, np.float32)
        fresh.append(_infer_ns(session, session.place(Batch(images, batches[0].labels))))
    return median(fresh) > _CACHED * median(seen)


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
        parts.append(placing + _infer_ns(session, placed[index % len(placed)]))
    return median(whole) > _HIDDEN * median(parts) + _HIDDEN_NS


def _infer_ns(session: Session, placed: Any) -> int:  # noqa: ANN401 - opaque to the core
    session.synchronize()
    start = perf_counter_ns()
    session.infer(placed)
    session.synchronize()
    return perf_counter_ns() - start
