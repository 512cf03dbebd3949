"""Figures of plugins: each probe is called once in a timed process, and may fail alone."""

import math
import traceback
from collections.abc import Iterator

from benchsuite.contract import Probe, ProbeContext, Quantity, Session
from benchsuite.contract.quantity import UNKNOWN_UNIT
from benchsuite.errors import PluginError
from benchsuite.hooks import Entry
from benchsuite.measure.flags import process_flags
from benchsuite.measure.machine.watch import Watch
from benchsuite.measure.protocol import PROTOCOLS
from benchsuite.measure.scenarios import quiet_collector, timed
from benchsuite.processes.failures import failure_of
from benchsuite.processes.messages import Trying
from benchsuite.records.series import Series
from benchsuite.worker.tasks.context import TaskContext, input_pool

_NS_PER_S = 1e9


def measure_probes(task: TaskContext, session: Session) -> Iterator[Series]:
    """The samples of each probe, or why it has none: what it raises is no failure of the case."""
    for entry in task.plugins.probes.values():
        watch, quantity = Watch(task.case.device), _unknown(entry)
        values: tuple[float, ...] = ()
        refused = ""
        try:
            probe = _load(entry)
            quantity = probe.quantity
            with quiet_collector(), task.phase(f"probe {entry.name}", measuring=True):
                values = _measure(probe, task, session)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - it is the probe's own
            traceback.print_exc()
            refused = failure_of(error).reason
        reading = watch.reading()
        yield Series(
            metric=quantity.name,
            batch_size=_batch_size(task, quantity),
            images=_batch_size(task, quantity),
            samples=(),
            values=values,
            declared=quantity,
            refused=refused,
            reading=reading,
            # Nobody knows how many calls a probe made, nor on how many cores it should have.
            flags=tuple(process_flags(reading, cpus=None, calls=1, tuned=False)),
        )


def _load(entry: Entry) -> Probe:
    """Raises PluginError where the path leads to something else."""
    probe = entry.load()
    if not isinstance(probe, Probe):
        raise PluginError(f"'{entry.target.path}' is a {type(probe).__name__}, not a Probe")
    if probe.quantity.name != entry.name:
        raise PluginError(f"its quantity is named '{probe.quantity.name}', not '{entry.name}'")
    return probe


def _unknown(entry: Entry) -> Quantity:
    """Stands for what a probe declares that cannot be loaded."""
    return Quantity(name=entry.name, unit=UNKNOWN_UNIT, better="lower", label=entry.name)


def _batch_size(task: TaskContext, quantity: Quantity) -> int:
    sizes = {"inference": task.inference_batch_size, "training": task.training_batch_size}
    return sizes.get(quantity.batch, 1)


def _measure(probe: Probe, task: TaskContext, session: Session) -> tuple[float, ...]:
    """Its samples. Raises PluginError where they are none."""
    case, protocol = task.case, PROTOCOLS[task.case.protocol]
    size = _batch_size(task, probe.quantity)
    task.announce(Trying(probe.quantity.name, size))
    batches = input_pool(session, size, case)
    context = ProbeContext(
        session=session,
        batches=batches,
        placed=[session.place(batch) for batch in batches],
        device=case.device,
        learning_rate=case.recipe.lr,
        calls=protocol.latency_calls,
        seconds=protocol.latency_s,
        timed=lambda call: timed(session, call) / _NS_PER_S,
    )
    values = tuple(float(value) for value in probe.measure(context))
    session.synchronize()
    if not values:
        raise PluginError("it gave no samples")
    wrong = [value for value in values if not math.isfinite(value)]
    if wrong:
        raise PluginError(f"{len(wrong)} of its {len(values)} samples are no finite numbers")
    return values
