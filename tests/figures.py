"""Figures as benchsuite takes them: one side of the benchmarks of the instrument itself.

Each way is called with a number of calls and returns seconds per call, as a record would have it.
"""

from collections.abc import Callable

import numpy as np
from interleaved import Calls
from msgspec.structs import replace

from benchsuite.contract import Batch, Session
from benchsuite.measure.protocol import FULL
from benchsuite.measure.scenarios import Sampler, synthetic_batches
from benchsuite.records.series import Series

#: A block is a sample's worth: warm-up is over before the first, and a call of it stays.
_BLOCK = replace(
    FULL,
    warmup_calls=1,
    slow_warmup_calls=1,
    warmup_s=0.0,
    until_steady=False,
    latency_s=0.0,
    windows=1,
    window_s=0.0,
    pool=8,
)
CLASSES, BATCH_SIZE = 10, 32
#: The batch of each figure.
BATCH_SIZES = {"latency": 1, "throughput": BATCH_SIZE, "training": BATCH_SIZE}


def inputs(session: Session, figure: str) -> list[Batch]:
    """What both sides are measured with, each in turn."""
    return synthetic_batches(session, BATCH_SIZES[figure], _BLOCK, CLASSES, seed=0)


def by_instrument(session: Session, figure: str) -> Calls:
    """The figure `latency`, `throughput` or `training`."""
    placed = [session.place(batch) for batch in inputs(session, figure)]

    def sampler(**changes: int) -> Sampler:
        return Sampler(session, replace(_BLOCK, **changes))

    measure: Callable[[int], Series] = {
        "latency": lambda calls: sampler(latency_calls=calls).latency(placed),
        "throughput": lambda calls: sampler(window_calls=calls).throughput(placed, BATCH_SIZE),
        "training": lambda calls: sampler(window_calls=calls).training(placed, BATCH_SIZE, 1e-4),
    }[figure]

    def run(calls: int) -> float:
        series = measure(calls)
        return float(np.median(series.samples)) / series.calls / 1e9

    return run
