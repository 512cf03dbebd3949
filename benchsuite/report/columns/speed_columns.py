"""The leaderboard's columns of speed and memory: figures that come with an interval and flags."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from benchsuite.measure.flags import BACKED_OFF
from benchsuite.records import Measurement, Record
from benchsuite.report.columns.column import Better, Column, Value, integer, number, text

Measured = Callable[[Record], Measurement | None]


def _measured(metric: str) -> Measured:
    return lambda record: record.measurement(metric)


def _at_fixed_batch(record: Record) -> Measurement | None:
    """Of the case's own batch, or of what it was backed off to, which is flagged."""
    metric = "inference_throughput"
    of_metric = (m for m in record.findings.measurements if m.metric == metric)
    backed_off = next((m for m in of_metric if BACKED_OFF in m.flags), None)
    return record.measurement(metric, record.case.inference_batch_size) or backed_off


def _at_best_batch(record: Record) -> Measurement | None:
    """Of several batches that were measured, the one with the highest throughput."""
    found = [m for m in record.findings.measurements if m.metric == "inference_throughput"]
    several = 2
    return max(found, key=lambda m: m.value or 0.0) if len(found) >= several else None


def _field(measured: Measured, name: str) -> Callable[[Record], Value]:
    return lambda record: getattr(measured(record), name, None)


def _batch_size(measured: Measured, of_case: str) -> Callable[[Record], Value]:
    """Of the figure, or of the case where there is none."""

    def get(record: Record) -> Value:
        found = measured(record)
        size: int = getattr(record.case, of_case)
        return found.batch_size or size if found else size

    return get


def _bytes(metric: str) -> Callable[[Record], Value]:
    def get(record: Record) -> Value:
        found = record.measurement(metric)
        return None if found is None or found.value is None else int(found.value)

    return get


def _figure(
    stem: str, unit: str, better: Better, description: str, measured: Measured
) -> Iterator[Column]:
    """A figure, and the ends of its interval."""
    value = _field(measured, "value")
    yield Column(f"{stem}_{unit}", "number", better, description, value, measured)
    yield number(f"{stem}_low_{unit}", "its 95 % interval", _field(measured, "low"))
    yield number(f"{stem}_high_{unit}", "likewise", _field(measured, "high"))


def _achieved(stem: str, measured: Measured) -> Iterator[Column]:
    """What its roofline says of a throughput."""

    def of_roofline(name: str) -> Callable[[Record], Value]:
        def get(record: Record) -> Value:
            found = measured(record)
            roofline = record.roofline(found.metric, found.batch_size) if found else None
            return getattr(roofline, name, None)

        return get

    yield number(
        f"{stem}_achieved_flops_per_s",
        "FLOPs of that throughput",
        of_roofline("achieved_flops_per_s"),
        "higher",
    )
    yield number(
        f"{stem}_share_of_ceiling_fraction",
        "of the most that any backend reached on the device: see `doctor --ceilings`",
        of_roofline("share_of_ceiling"),
        "higher",
    )


def _processes(record: Record) -> Value:
    found = record.measurement("latency")
    return len(found.values) if found else None


def _flags(record: Record) -> Value:
    flagged = (m for m in record.findings.measurements if m.flags)
    return "; ".join(dict.fromkeys(f"{m.metric}: {', '.join(m.flags)}" for m in flagged))


_LATENCY, _P99 = _measured("latency"), _measured("latency_p99")
_ENERGY, _IDLE = _measured("energy_per_image"), _measured("idle_power")
_TRAINING = _measured("training_throughput")
_RATE = "images_per_s"

SPEED: tuple[Column, ...] = (
    *_figure(
        *("latency_batch1_p50", "s", "lower"),
        "forward pass of one image: median of the processes' medians",
        _LATENCY,
    ),
    *_figure(
        *("latency_batch1_p90", "s", "lower"),
        "90th percentile of all processes' calls",
        _measured("latency_p90"),
    ),
    *_figure(*("latency_batch1_p99", "s", "lower"), "99th percentile likewise", _P99),
    number(
        "latency_batch1_p99_bound_s",
        "what the 99th percentile is below with 99 % confidence",
        _field(_P99, "bound"),
        "lower",
    ),
    integer("latency_samples", "calls timed for these", _field(_LATENCY, "samples")),
    *_figure(
        *("latency_host_batch1_p50", "s", "lower"),
        "the same median from an image on the host to logits on the host",
        _measured("latency_host"),
    ),
    *_figure(
        *("import", "s", "lower"),
        "from the interpreter's start to the framework's import; empty where it was forked",
        _measured("import"),
    ),
    *_figure(
        *("build", "s", "lower"), "drawing the weights and building the network", _measured("build")
    ),
    *_figure(
        *("first_call", "s", "lower"),
        "the very first forward pass, compilation included",
        _measured("first_call"),
    ),
    *_figure(
        *("first_training_step", "s", "lower"),
        "the very first training step, compilation included",
        _measured("first_training_step"),
    ),
    integer(
        "inference_batch_size",
        "images in one forward pass of the throughput",
        _batch_size(_at_fixed_batch, "inference_batch_size"),
    ),
    *_figure(
        *("inference_throughput", _RATE, "higher"),
        "forward passes on resident data",
        _at_fixed_batch,
    ),
    *_achieved("inference", _at_fixed_batch),
    integer(
        "best_inference_batch_size",
        "of the batches that were measured, that of the highest throughput",
        _field(_at_best_batch, "batch_size"),
    ),
    *_figure(
        *("best_inference_throughput", _RATE, "higher"),
        "forward passes of that batch",
        _at_best_batch,
    ),
    *_achieved("best_inference", _at_best_batch),
    integer(
        "training_batch_size",
        "images in one training step of the throughput",
        _batch_size(_TRAINING, "training_batch_size"),
    ),
    *_figure(
        *("training_throughput", _RATE, "higher"),
        "training steps on resident data",
        _TRAINING,
    ),
    *_achieved("training", _TRAINING),
    *_figure(
        *("training_forward", "s", "lower"),
        "of one training step: as far as the loss",
        _measured("training_forward"),
    ),
    *_figure(
        *("training_backward", "s", "lower"),
        "from there to all gradients: a difference of two programs",
        _measured("training_backward"),
    ),
    *_figure(
        *("training_update", "s", "lower"),
        "from there to the end of the step, likewise",
        _measured("training_update"),
    ),
    integer("processes", "that measured the speed", _processes),
    text("flags", "what is wrong with which figure", _flags),
    integer(
        "host_memory_peak_bytes",
        "largest resident set while the network is built and called at batch 1",
        _bytes("host_memory_peak"),
        "lower",
    ),
    integer(
        "host_memory_above_import_bytes",
        "the same, less what the process held before the network was built",
        _bytes("host_memory_above_import"),
        "lower",
    ),
    integer(
        "device_memory_peak_bytes",
        "largest allocation on the device, in the same calls",
        _bytes("device_memory_peak"),
        "lower",
    ),
    integer(
        "device_memory_reserved_bytes",
        "the most that the framework's allocator took from the driver for that",
        _bytes("device_memory_reserved"),
        "lower",
    ),
    integer(
        "device_memory_driver_bytes",
        "what the process holds by the driver's count, after the same calls",
        _bytes("device_memory_driver"),
        "lower",
    ),
    Column(
        "energy_per_image_j",
        "number",
        "lower",
        "of the device, by its own counter, in forward passes of inference_batch_size",
        _field(_ENERGY, "value"),
        _ENERGY,
    ),
    Column(
        "idle_power_w",
        "number",
        "lower",
        "of the device, likewise, before those and with the network in place",
        _field(_IDLE, "value"),
        _IDLE,
    ),
)
