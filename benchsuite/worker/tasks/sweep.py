"""Throughput over doubling batches: the whole curve, and where it is highest."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import msgspec
import psutil

from benchsuite.contract import Session
from benchsuite.graph.footprint import total_elements
from benchsuite.measure.protocol import PROTOCOLS
from benchsuite.measure.scenarios import Sampler, quiet_collector
from benchsuite.measure.summary import GAIN, images_per_s
from benchsuite.metrics.declared import SWEEP
from benchsuite.processes.failures import failure_of, is_out_of_memory
from benchsuite.processes.messages import Trying
from benchsuite.records import Findings, Overflow
from benchsuite.records.series import Series
from benchsuite.worker.tasks.context import TaskContext, placed_pool

#: The sweep ends once so many doublings in a row have each gained too little …
_DOUBLINGS = 2
#: … or one batch takes longer.
_LONGEST_BATCH_S = 10.0
_BYTES, _MEMORY_SHARE = 4, 0.5
_NS_PER_S = 1e9


def sweep_batches(task: TaskContext) -> Iterator[Findings | Series]:
    """Batches of 1, 2, 4, …, ascending in one process, up to a full device."""
    # A window or two for each batch are enough to see where the best is.
    protocol = PROTOCOLS[task.case.protocol].shortened(2, 0.3, window_calls=1, warmup_calls=3)
    session = task.open_to_measure(measuring=False)
    sampler = Sampler(session, protocol)
    curve: list[float] = []
    size = 1
    with quiet_collector(), task.phase("sweep", measuring=True):
        while _fits(session, size, task.case.device):
            task.announce(Trying(SWEEP.name, size))
            try:
                series = _measured(task, sampler, size)
            except Exception as error:
                # If not even one image fits, it is no end of a curve.
                if not (is_out_of_memory(error) and curve):
                    raise
                reason = failure_of(error).reason
                overflow = Overflow(metric=SWEEP.name, batch_size=size, reason=reason)
                yield Findings(overflows=(overflow,))
                break
            yield series
            curve.append(images_per_s(series))
            if _is_over(curve, series):
                break
            size *= 2
    yield task.machine_facts(session)


def _measured(task: TaskContext, sampler: Sampler, size: int) -> Series:
    series = sampler.throughput(placed_pool(task, sampler.session, size), size)
    return msgspec.structs.replace(series, metric=SWEEP.name)


def _fits(session: Session, size: int, device: str) -> bool:
    """Whether a CPU's memory surely holds the batch: there, a full one ends processes."""
    if device != "cpu":
        return True
    return (
        total_elements(session.graph) * _BYTES * size
        < _MEMORY_SHARE * psutil.virtual_memory().available
    )


def _is_over(curve: Sequence[float], last: Series) -> bool:
    if min(last.samples) / last.calls > _LONGEST_BATCH_S * _NS_PER_S:
        return True
    recent = curve[-_DOUBLINGS - 1 :]
    gains = [after / before - 1 for before, after in pairwise(recent)]
    return len(gains) == _DOUBLINGS and max(gains) < GAIN
