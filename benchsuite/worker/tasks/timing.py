"""Latency, throughput and the training step."""

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from benchsuite.contract import Session
from benchsuite.measure.anchor import measure_anchor
from benchsuite.measure.clock_checks import clock_flags, waiting_flags
from benchsuite.measure.machine.gate import wait_for_quiet
from benchsuite.measure.protocol import PROTOCOLS
from benchsuite.measure.scenarios import Sampler, quiet_collector
from benchsuite.metrics.declared import BUILD, HOST_LATENCY, IMPORT, INFERENCE, LATENCY, TRAINING
from benchsuite.processes.messages import Trying
from benchsuite.records import Findings
from benchsuite.records.series import Series
from benchsuite.worker.tasks.context import TaskContext, backed_off, input_pool, judged, placed_pool
from benchsuite.worker.tasks.probes import measure_probes

_NS_PER_S = 1e9


def measure_time(task: TaskContext) -> Iterator[Findings | Series]:
    """Latency at batch 1, throughput and training step, once it is as quiet as is asked."""
    case, protocol = task.case, PROTOCOLS[task.case.protocol]
    session = task.open_to_measure(measuring=True)
    sampler = Sampler(session, protocol, case.device)
    yield from _cold_start(task)
    if protocol.quiet_s:
        with task.phase("wait", measuring=False):
            wait_for_quiet(task.getting_ready, protocol.quiet_s)
    with quiet_collector():
        task.announce(Trying(LATENCY.name, 1))
        with task.phase("latency", measuring=True):
            batches = input_pool(session, 1, case)
            placed = [session.place(batch) for batch in batches]
            latency = sampler.latency(placed)
            of_clock = clock_flags(session, placed, batches)
            of_calls = [*of_clock, *waiting_flags(session, latency.samples)]
        yield judged(task, latency, of_calls)
        if protocol.thorough:
            with task.phase(HOST_LATENCY.name, measuring=True):
                series = sampler.host_latency(batches)
            yield judged(task, series, of_calls)
        for size in task.job.inference_batch_sizes:
            task.announce(Trying(INFERENCE.name, size))
            with _placed(task, session, size, "inference") as pool:
                series = sampler.throughput(pool, size)
            of_batch = backed_off(size, task.job.backed_off.inference)
            yield judged(task, series, [*of_clock, *of_batch])
        size = task.training_batch_size
        task.announce(Trying(TRAINING.name, size))
        with _placed(task, session, size, "training") as pool:
            whole = sampler.training(pool, size, case.recipe.lr)
            parts = sampler.parts(pool, size) if protocol.thorough else ()
            for series in itertools.chain([whole], parts):
                yield judged(task, series, backed_off(size, task.job.backed_off.training))
        # A single process has no other round to be compared with.
        if protocol.rounds[-1] > 1:
            yield measure_anchor()
    # Last: nobody knows in what state a plugin leaves the device.
    yield from measure_probes(task, session)
    yield task.machine_facts(session)


@contextmanager
def _placed(
    task: TaskContext, session: Session, batch_size: int, phase: str
) -> Iterator[Sequence[Any]]:
    """Batches on the device, for one phase."""
    with task.phase(phase, measuring=True):
        yield placed_pool(task, session, batch_size)


def _cold_start(task: TaskContext) -> Iterator[Series]:
    """The framework's import, in an interpreter of its own, and building the network."""
    reading = task.getting_ready.reading()
    found = {IMPORT: task.import_s, BUILD: task.phases[-1].seconds}
    for one, seconds in found.items():
        if seconds is not None:
            samples = (round(seconds * _NS_PER_S),)
            yield Series(metric=one.name, batch_size=1, images=1, samples=samples, reading=reading)
