"""Figures of one row that must agree, and processes of one row that must be alike."""

from collections.abc import Mapping

import msgspec

from benchsuite.metrics.declared import INFERENCE, LATENCY, TRAINING
from benchsuite.records import Case, Findings, Measurement

#: A batch must be at least this share as fast, image by image, as one image alone.
_BATCH_SHARE = 0.8
#: Training with its input pipeline and timed training steps are this many times apart at the most.
_TRAINING_RATIO = 2.0
#: Tasks that measure time: what they are given must be the same.
_TIMED = ("train", "time", "sweep", "energy")


def with_consistency_flags(case: Case, findings: Findings) -> Findings:
    """The findings, with flags on the figures that contradict others of the same case."""
    mixed = ("mixed_settings",) if differing_settings(findings.ledger) else ()
    of_training = (*mixed, *(("inconsistent",) if _is_training_off(case, findings) else ()))
    training = findings.training and msgspec.structs.replace(
        findings.training, flags=(*findings.training.flags, *of_training)
    )
    batch = _slower_batch(findings)
    measurements = tuple(
        msgspec.structs.replace(
            one, flags=(*one.flags, *mixed, *(("slower_batch",) if one is batch else ()))
        )
        if _is_timed(one)
        else one
        for one in findings.measurements
    )
    return msgspec.structs.replace(findings, training=training, measurements=measurements)


def differing_settings(ledger: Mapping[str, str]) -> list[str]:
    """Settings that two timed tasks of a case read back differently."""
    found: dict[str, set[str]] = {}
    for key, value in ledger.items():
        task, _, setting = key.partition(".")
        if task in _TIMED:
            found.setdefault(setting, set()).add(value)
    return sorted(setting for setting, values in found.items() if len(values) > 1)


def _is_timed(measurement: Measurement) -> bool:
    return measurement.unit in ("s", "images/s")


def _slower_batch(findings: Findings) -> Measurement | None:
    """The throughput of a batch in which an image takes longer than alone."""
    latency, batch = (
        next((m for m in findings.measurements if m.metric == name), None)
        for name in (LATENCY.name, INFERENCE.name)
    )
    if not (latency and batch and latency.value and batch.value) or batch.batch_size == 1:
        return None
    return batch if batch.value * latency.value < _BATCH_SHARE else None


def _is_training_off(case: Case, findings: Findings) -> bool:
    """Whether training and timed training steps, of one input and batch, are far apart."""
    training = findings.training
    step = next((m for m in findings.measurements if m.metric == TRAINING.name), None)
    same = case.train_input_shape == case.input_shape
    if not (training and step and step.value and same) or step.batch_size != case.recipe.batch_size:
        return False
    images = sum(epoch.images for epoch in training.epochs)
    seconds = sum(epoch.train_s for epoch in training.epochs)
    ratio = images / seconds / step.value if seconds else 1.0
    return not 1 / _TRAINING_RATIO < ratio < _TRAINING_RATIO
