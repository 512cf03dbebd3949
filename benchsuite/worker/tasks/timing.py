"""Latency, throughput and the training step."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from benchsuite.contract import Batch, PartedSession, Session
from benchsuite.measure.anchor import measure_anchor
from benchsuite.measure.clock_checks import clock_flags, waiting_flags
from benchsuite.measure.machine.gate import wait_for_quiet
from benchsuite.measure.protocol import PROTOCOLS
from benchsuite.measure.scenarios import Sampler, quiet_collector
from benchsuite.metrics.declared import BUILD, HOST_LATENCY, IMPORT, INFERENCE, LATENCY, TRAINING
from benchsuite.processes.messages import Trying
from benchsuite.records import Findings
from benchsuite.records.series import Series
from benchsuite.worker.tasks.context import TaskContext, backed_off, input_pool, judged
from benchsuite.worker.tasks.probes import measure_probes
from benchsuite.worker.tasks.timed_path import TimedPath

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
    path = TimedPath(task, session)
    with quiet_collector():
        of_clock = yield from _latency(task, sampler, path)
        for size in task.job.inference_batch_sizes:
            series, found = _throughput(task, sampler, path, size)
            of_batch = backed_off(size, task.job.backed_off.inference)
            yield judged(task, series, dict.fromkeys([*of_clock, *found, *of_batch]))
        yield from _training(task, sampler, path)
        # A single process has no other round to be compared with.
        if protocol.rounds[-1] > 1:
            yield measure_anchor()
    yield path.findings()
    # Last: nobody knows in what state a plugin leaves the device.
    yield from measure_probes(task, session)
    yield task.machine_facts(session)


def _latency(
    task: TaskContext, sampler: Sampler, path: TimedPath
) -> Generator[Series, None, list[str]]:
    """Latency, on the device and from the host; returns the flags of the backend's clock."""
    session = sampler.session
    task.announce(Trying(LATENCY.name, 1))
    with _pool(task, session, 1, "latency") as (batches, placed):
        witness, then = path.inference(batches, placed)
        latency = sampler.latency(placed, then)
        of_clock = clock_flags(session, placed, batches)
        of_calls = [*of_clock, *waiting_flags(session, latency.samples)]
        found = path.infer(witness, latency)
    yield judged(task, latency, dict.fromkeys([*of_calls, *found]))
    if sampler.protocol.thorough:
        with task.phase(HOST_LATENCY.name, measuring=True):
            series = sampler.host_latency(batches)
        yield judged(task, series, of_calls)
    return of_clock


def _throughput(
    task: TaskContext, sampler: Sampler, path: TimedPath, size: int
) -> tuple[Series, list[str]]:
    """At one batch; and what the loop itself shows to be wrong, as flags."""
    task.announce(Trying(INFERENCE.name, size))
    with _pool(task, sampler.session, size, "inference") as (batches, placed):
        witness, then = path.inference(batches, placed)
        series = sampler.throughput(placed, size, then)
        return series, path.infer(witness, series)


def _training(task: TaskContext, sampler: Sampler, path: TimedPath) -> Iterator[Series]:
    """The whole step and, where the protocol is thorough, its parts."""
    session, size = sampler.session, task.training_batch_size
    task.announce(Trying(TRAINING.name, size))
    flags = backed_off(size, task.job.backed_off.training)
    with _pool(task, session, size, "training") as (batches, placed):
        witness = path.training()
        step = sampler.training(placed, size, task.case.recipe.lr, witness)
        yield judged(task, step, flags)
        if sampler.protocol.thorough and isinstance(session, PartedSession):
            for series in sampler.parts(placed, size):
                yield judged(task, series, flags)
            path.parts(session, batches[-1])
        path.train(witness, step, batches, placed)


@contextmanager
def _pool(
    task: TaskContext, session: Session, batch_size: int, phase: str
) -> Iterator[tuple[Sequence[Batch], Sequence[Any]]]:
    """Batches on the host and on the device, for one phase."""
    with task.phase(phase, measuring=True):
        batches = input_pool(session, batch_size, task.case)
        yield batches, [session.place(batch) for batch in batches]


def _cold_start(task: TaskContext) -> Iterator[Series]:
    """The framework's import, in an interpreter of its own, and building the network."""
    reading = task.getting_ready.reading()
    found = {IMPORT: task.import_s, BUILD: task.phases[-1].seconds}
    for one, seconds in found.items():
        if seconds is not None:
            samples = (round(seconds * _NS_PER_S),)
            yield Series(metric=one.name, batch_size=1, images=1, samples=samples, reading=reading)
