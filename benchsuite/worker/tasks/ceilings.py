"""What the device can do at the most, by this backend."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import psutil

from benchsuite.contract import ELEMENT_BYTES, CeilingBackend
from benchsuite.errors import UnsupportedError
from benchsuite.measure.ceilings import best_copy, best_product, probe_copies, probe_products
from benchsuite.measure.machine.gate import wait_for_quiet
from benchsuite.measure.protocol import PROTOCOLS
from benchsuite.measure.scenarios import quiet_collector
from benchsuite.processes.failures import is_out_of_memory
from benchsuite.records import Ceiling, CeilingProbe
from benchsuite.worker.tasks.context import TaskContext

#: Of what is free on the host, where all operands are made.
_MEMORY_SHARE = 0.5


def measure_ceilings(task: TaskContext) -> Iterator[Ceiling]:
    """The fastest product and copy. Raises UnsupportedError for a backend that does neither."""
    case, backend, protocol = task.case, task.backend, PROTOCOLS[task.case.protocol]
    if not isinstance(backend, CeilingBackend):
        raise UnsupportedError(f"backend '{case.backend}' has no ceilings: it multiplies nothing")
    # The ceiling is the device's, whatever tier the first case of its kind has.
    setup, width = replace(task.setup(), tier="native"), ELEMENT_BYTES[case.precision]
    memory_bytes = _MEMORY_SHARE * psutil.virtual_memory().available
    if protocol.quiet_s:
        wait_for_quiet(task.getting_ready, protocol.quiet_s)
    with quiet_collector():
        products = _until_full(
            probe_products(
                lambda size: backend.multiply(setup, size), width, memory_bytes, protocol
            )
        )
        copies = _until_full(
            probe_copies(lambda count: backend.copy(setup, count), width, memory_bytes, protocol)
        )
    flops_per_s, size = best_product(products)
    bytes_per_s, elements = best_copy(copies, width)
    yield Ceiling(
        backend=case.backend,
        device=case.device,
        device_name=task.device_name(),
        precision=case.precision,
        threads=case.threads,
        flops_per_s=flops_per_s,
        size=size,
        bytes_per_s=bytes_per_s,
        elements=elements,
        products=products,
        copies=copies,
    )


def _until_full(probes: Iterable[CeilingProbe]) -> tuple[CeilingProbe, ...]:
    """All, or those before the first that the device had no memory for."""
    found: list[CeilingProbe] = []
    try:
        found.extend(probes)
    except Exception as error:
        if not (found and is_out_of_memory(error)):
            raise
    return tuple(found)
