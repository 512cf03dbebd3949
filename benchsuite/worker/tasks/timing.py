"""Latency, throughput and the training step."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from benchsuite.contract import Batch, PartedSession, Session
from benchsuite.measure.anchor import measure_anchor
from benchsuite.measure.clock_checks import clock_flags, waiting_flags
from benchsuite.measure.machine.gate import wait_for_quiet
from benchsuite.measure.protocol import PROTOCOLS
from benchsuite.measure.scenarios import (
    measure_host_latency,
    measure_latency,
    measure_part,
    measure_throughput,
    measure_training,
    quiet_collector,
)
from benchsuite.metrics.declared import BUILD, HOST_LATENCY, IMPORT, INFERENCE, LATENCY, TRAINING
from benchsuite.processes.messages import Trying
from benchsuite.records import Findings
from benchsuite.records.series import Series
from benchsuite.worker.tasks.context import TaskContext, backed_off, input_pool, judged
from benchsuite.worker.tasks.probes import measure_probes
from benchsuite.worker.tasks.timed_path import TimedPath

_NS_PER_S = 1e9
_PARTS: tuple[Literal["forward", "backward"], ...] = ("forward", "backward")


def measure_time(task: TaskContext) -> Iterator[Findings | Series]:
    """Latency at batch 1, throughput and training step, at the network's measured size.

    The clock starts once the machine is quiet, where the protocol wants it.
    """
    protocol = PROTOCOLS[task.case.protocol]
    session = task.open_to_measure(measuring=True)
    yield from _cold_start(task)
    if protocol.quiet_s:
        with task.phase("wait", measuring=False):
            wait_for_quiet(task.getting_ready, longest_s=protocol.quiet_s)
    path = TimedPath(task, session)
    with quiet_collector():
        of_clock = yield from _latency(task, session, path)
        for size in task.inference_batch_sizes:
            series, found = _throughput(task, session, path, size)
            flags = [*of_clock, *found, *backed_off(size, task.backed_off.inference)]
            yield judged(task, series, dict.fromkeys(flags))
        yield from _training(task, session, path)
        if protocol.rounds[-1] > 1:
            yield measure_anchor()
    yield path.findings()
    yield from measure_probes(task, session)
    yield task.machine_facts(session)


def _latency(
    task: TaskContext, session: Session, path: TimedPath
) -> Generator[Series, None, list[str]]:
    """Latency, on the device and from the host; returns the flags of the backend's clock."""
    case, protocol = task.case, PROTOCOLS[task.case.protocol]
    task.announce(Trying(LATENCY.name, 1))
    with _pool(task, session, 1, "latency") as (batches, placed):
        witness, then = path.inference(batches, placed)
        latency = measure_latency(session, placed, protocol, device=case.device, then=then)
        of_clock = clock_flags(session, placed, batches)
        of_calls = [*of_clock, *waiting_flags(session, latency.samples)]
        found = path.infer(witness, latency)
    yield judged(task, latency, dict.fromkeys([*of_calls, *found]))
    if protocol.thorough:
        with task.phase(HOST_LATENCY.name, measuring=True):
            series = measure_host_latency(session, batches, protocol, device=case.device)
        yield judged(task, series, of_calls)
    return of_clock


def _throughput(
    task: TaskContext, session: Session, path: TimedPath, size: int
) -> tuple[Series, list[str]]:
    """At one batch; and what the loop itself shows to be wrong, as flags."""
    case, protocol = task.case, PROTOCOLS[task.case.protocol]
    task.announce(Trying(INFERENCE.name, size))
    with _pool(task, session, size, "inference") as (batches, placed):
        witness, then = path.inference(batches, placed)
        series = measure_throughput(session, placed, size, protocol, device=case.device, then=then)
        found = path.infer(witness, series)
    return series, found


def _training(task: TaskContext, session: Session, path: TimedPath) -> Iterator[Series]:
    """The whole step and, where the protocol is thorough, its parts."""
    case, protocol = task.case, PROTOCOLS[task.case.protocol]
    size = task.training_batch_size
    task.announce(Trying(TRAINING.name, size))
    flags = backed_off(size, task.backed_off.training)
    with _pool(task, session, size, "training") as (batches, placed):
        given = (placed, size, case.recipe.lr, protocol)
        witness = path.training()
        step = measure_training(session, *given, device=case.device, witness=witness)
        yield judged(task, step, flags)
        if protocol.thorough and isinstance(session, PartedSession):
            for part in _PARTS:
                series = measure_part(session, part, placed, size, protocol, device=case.device)
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
