"""Rooflines: what a network achieves, beside what its device can do.

Williams, Waterman and Patterson, "Roofline: an insightful visual performance model for multicore
architectures", 2009.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from benchsuite.contract import ELEMENT_BYTES
from benchsuite.metrics.declared import INFERENCE, TRAINING
from benchsuite.records import Case, Ceiling, Findings, Measurement, Roofline, Size


def rooflines(case: Case, findings: Findings, ceilings: Iterable[Ceiling]) -> tuple[Roofline, ...]:
    """One for each throughput of a network of known MACs, beside the ceilings of its own device."""
    size = findings.size
    if size is None:
        return ()
    place = (case.device, findings.device_name, case.precision, case.threads)
    fitting = [ceiling for ceiling in ceilings if ceiling.place == place]
    found = (
        _roofline(measurement, size, ELEMENT_BYTES[case.precision], fitting)
        for measurement in findings.measurements
        if measurement.metric in (INFERENCE.name, TRAINING.name)
    )
    return tuple(roofline for roofline in found if roofline)


def _roofline(
    throughput: Measurement, size: Size, element_bytes: int, ceilings: Sequence[Ceiling]
) -> Roofline | None:
    training = throughput.metric == TRAINING.name
    macs = size.training_macs if training else size.macs
    images = throughput.batch_size
    if macs is None or images is None or throughput.value is None:
        return None
    moved = _moved_elements(size, images, training=training)
    intensity = 2 * macs * images / (moved * element_bytes) if moved else None
    # A MAC counts as two FLOPs, as in the ceilings: their ratio does not depend on it.
    achieved = 2 * macs * throughput.value
    best: dict[str, Any] = {}
    if ceilings:
        fastest = max(ceilings, key=lambda ceiling: ceiling.flops_per_s)
        widest = max(ceilings, key=lambda ceiling: ceiling.bytes_per_s)
        slope = None if intensity is None else intensity * widest.bytes_per_s
        best = {
            "ceiling_flops_per_s": fastest.flops_per_s,
            "ceiling_backend": fastest.backend,
            "bytes_per_s": widest.bytes_per_s,
            "bytes_backend": widest.backend,
            "attainable_flops_per_s": None if slope is None else min(fastest.flops_per_s, slope),
            "share_of_ceiling": achieved / fastest.flops_per_s,
        }
    return Roofline(
        metric=throughput.metric,
        batch_size=images,
        intensity_flops_per_byte=intensity,
        achieved_flops_per_s=achieved,
        **best,
    )


def _moved_elements(size: Size, images: int, *, training: bool) -> int | None:
    """Of a batch: weights once, and activations; in training weights twice and written once."""
    weights = size.parameters + size.buffers
    if not training:
        return None if size.moved_elements is None else weights + images * size.moved_elements
    if size.training_moved_elements is None:
        return None
    return 2 * weights + size.parameters + images * size.training_moved_elements
