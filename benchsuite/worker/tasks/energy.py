"""Energy of an image, and power of the idle device."""

from collections.abc import Iterator

import msgspec

from benchsuite.measure.flags import process_flags
from benchsuite.measure.machine.energy import find_counter, measure_energy, measure_idle
from benchsuite.measure.machine.gate import wait_for_quiet
from benchsuite.measure.protocol import PROTOCOLS
from benchsuite.measure.scenarios import Sampler, quiet_collector
from benchsuite.metrics.declared import ENERGY
from benchsuite.processes.messages import Trying
from benchsuite.records import Findings
from benchsuite.records.series import Series
from benchsuite.worker.tasks.context import TaskContext, backed_off, judged, placed_pool


def spend_energy(task: TaskContext) -> Iterator[Findings | Series]:
    """Idle power, then energy of the throughput's batch; nothing where no counter can be read."""
    case, protocol = task.case, PROTOCOLS[task.case.protocol]
    counter = find_counter(case.device)
    if counter is None:
        return
    size = task.inference_batch_size
    session = task.open_to_measure(measuring=False)
    task.announce(Trying(ENERGY.name, size))
    placed = placed_pool(task, session, size)
    with task.phase("wait", measuring=False):
        wait_for_quiet(task.getting_ready, protocol.quiet_s)
    with task.phase("idle", measuring=True):
        idle = measure_idle(counter, case.device)
    # No core works, on purpose: those in use say nothing.
    found = process_flags(idle.reading, cpus=None, calls=1, tuned=False)
    yield msgspec.structs.replace(idle, flags=tuple(found))
    with quiet_collector(), task.phase("energy", measuring=True):
        series = measure_energy(Sampler(session, protocol, case.device), placed, size, counter)
    yield judged(task, series, backed_off(size, task.job.backed_off.inference))
    yield task.machine_facts(session)
