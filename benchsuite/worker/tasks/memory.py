"""Peak memory, and the network's size."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
from numpy.typing import NDArray

from benchsuite.contract import NativeModel, Quantity, Session
from benchsuite.contract.answers import check_finite, check_logits
from benchsuite.errors import BenchsuiteError
from benchsuite.graph.footprint import (
    moved_elements,
    peak_elements,
    total_elements,
    training_macs,
    training_moved_elements,
)
from benchsuite.measure.agreement import depends_on_its_batch, fixed_batch
from benchsuite.measure.machine.accelerator import find_accelerator
from benchsuite.metrics.declared import (
    DEVICE_MEMORY,
    DEVICE_MEMORY_DRIVER,
    DEVICE_MEMORY_RESERVED,
    HOST_MEMORY,
    HOST_MEMORY_ABOVE_IMPORT,
)
from benchsuite.networks import Network
from benchsuite.processes.messages import Trying
from benchsuite.records import Case, Findings, Measurement, Size
from benchsuite.worker.tasks.context import TaskContext, input_pool

_STATUS, _CLEAR_REFS = Path("/proc/self/status"), Path("/proc/self/clear_refs")
#: proc_pid_clear_refs(5): writing 5 resets the peak resident set size ("VmHWM").
_RESET_PEAK = "5"
_KIB = 1024
#: Calls after which a process's memory has seen everything that inference allocates.
_MEMORY_CALLS = 3
#: Weights are float32 in every precision, or float64.
_WEIGHT_BYTES = 4
#: What a graph's tensors take, for one image; nobody knows those of a native model.
_FOOTPRINT = {
    "activations_peak_elements": peak_elements,
    "activations_total_elements": total_elements,
    "moved_elements": moved_elements,
    "training_moved_elements": training_moved_elements,
    "training_macs": training_macs,
}


def measure_memory(task: TaskContext) -> Iterator[Findings | NDArray[Any]]:
    """Peak memory of building the network and calling it at batch 1, its size, and its answers.

    Needs a fresh interpreter with the system's own allocator, and times nothing.
    """
    network = task.network()
    imported = reset_peak()
    session = task.open_to_measure(measuring=True)
    task.announce(Trying(HOST_MEMORY.name, 1))
    with task.phase("memory", measuring=True):
        batches = input_pool(session, 1, task.case)[:_MEMORY_CALLS]
        for batch in batches:
            session.infer(session.place(batch))
            session.synchronize()
        peak = peak_bytes()
    yield Findings(measurements=tuple(_memory(session, imported, peak, task.case.device)))
    with task.phase("count", measuring=True):
        size = _size(network, session)
    yield Findings(size=size)
    # After the yield: the record shows which counts differ.
    _check_size(size, task.case)
    with task.phase("answer", measuring=True):
        logits = _answers(session, task.case)
    yield logits
    yield task.machine_facts(session)


def _answers(session: Session, case: Case) -> NDArray[Any]:
    """Logits of the fixed batch.

    Raises BenchsuiteError where they are not what the contract says, and where an image's depend
    on others.
    """
    images = fixed_batch(session, case.seed)
    logits = session.predict(images)
    check_logits(logits, len(images), case.num_classes, case.precision)
    check_finite(logits)
    if depends_on_its_batch(session, images, logits):
        raise BenchsuiteError(
            f"{case.backend} answers in training mode: the logits of one image depend on its "
            "neighbours or on chance"
        )
    return logits


def _memory(session: Session, imported: int, peak: int, device: str) -> Iterator[Measurement]:
    """Refused is what has no room for the network's own weights and buffers.

    What the host holds above the import is not: an import leaves resident pages that are free,
    and a small network fits into those.
    """
    weights = _WEIGHT_BYTES * (session.graph.parameters + session.graph.buffers)
    yield _bytes(HOST_MEMORY, peak, weights if device == "cpu" else 0)
    yield _bytes(HOST_MEMORY_ABOVE_IMPORT, peak - imported)
    on_device, accelerator = session.device_memory(), find_accelerator(device)
    found = {
        DEVICE_MEMORY: on_device.allocated if on_device else None,
        DEVICE_MEMORY_RESERVED: on_device.reserved if on_device else None,
        DEVICE_MEMORY_DRIVER: accelerator.own_bytes() if accelerator else None,
    }
    yield from (
        _bytes(metric, value, weights) for metric, value in found.items() if value is not None
    )


def _bytes(metric: Quantity, value: int, least: int = 0) -> Measurement:
    """A figure, refused where it is below the least that it can be."""
    amount = float(value)
    refused = f"{value:,} bytes; weights and buffers alone take {least:,}" if value < least else ""
    return Measurement.of(
        metric, values=(amount,), samples=1, value=None if refused else amount, refused=refused
    )


def _size(network: Network, session: Session) -> Size:
    graph, counts = session.graph, session.counts()
    native = isinstance(network, NativeModel)
    macs = counts.macs if native else graph.macs
    footprint = {name: count(graph) for name, count in _FOOTPRINT.items() if not native}
    return Size(
        fingerprint="" if native else graph.fingerprint,
        architecture_fingerprint="" if native else network.trace().fingerprint,
        parameters=graph.parameters,
        buffers=graph.buffers,
        macs=macs,
        flops=2 * macs,
        native_parameters=counts.parameters,
        native_macs=counts.macs,
        native_counter=counts.counter,
        **footprint,
    )


def _check_size(size: Size, case: Case) -> None:
    """Refuse a backend whose network is not the graph's."""
    if (size.native_parameters, size.native_macs) != (size.parameters, size.macs):
        raise BenchsuiteError(
            f"{case.backend} built another network than {case.architecture}: the graph has "
            f"{size.parameters:,} parameters and {size.macs:,} MACs, {size.native_counter} "
            f"counts {size.native_parameters:,} and {size.native_macs:,}"
        )


def reset_peak() -> int:
    """Start a new peak, where the kernel can, and return the resident bytes now."""
    with suppress(OSError):
        _CLEAR_REFS.write_text(_RESET_PEAK)
    return int(psutil.Process().memory_info().rss)


def peak_bytes() -> int:
    """Largest resident set so far: exact on Linux, from `getrusage` elsewhere on Unix."""
    if _STATUS.exists():
        line = next(x for x in _STATUS.read_text().splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) * _KIB
    windows_peak = getattr(psutil.Process().memory_info(), "peak_wset", None)
    if windows_peak is not None:
        return int(windows_peak)
    import resource

    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)  # macOS: in bytes
