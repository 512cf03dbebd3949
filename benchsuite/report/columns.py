"""The leaderboard's columns, as data: what each is called, means, and is read from.

Names are stable and carry units. `docs/leaderboard.md` lists them in this order.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Literal

from benchsuite.records import Record, Training

Value = str | int | float | None
Getter = Callable[[Record], Value]
Better = Literal["higher", "lower"] | None


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `read` gives its cell for a record."""

    name: str
    type: Literal["text", "integer", "number"]
    better: Better
    description: str
    get: Getter

    def read(self, record: Record) -> Value:
        """The cell: None, and never zero, where the record does not say, or no finite number."""
        value = self.get(record)
        if value == "" or (isinstance(value, float) and not math.isfinite(value)):
            return None
        return value


def _record(field: str) -> Getter:
    return lambda record: getattr(record, field)


def _case(field: str) -> Getter:
    return lambda record: getattr(record.case, field)


def _recipe(field: str) -> Getter:
    return lambda record: getattr(record.case.recipe, field)


def _axis(field: str, axis: int) -> Getter:
    return lambda record: getattr(record.case, field)[axis]


def _size(field: str) -> Getter:
    return lambda record: getattr(record.findings.size, field, None)


def _trained(get: Callable[[Training], Value]) -> Getter:
    """A fact of training; None where the case was not trained."""

    def value(record: Record) -> Value:
        training = record.findings.training
        return get(training) if training and training.epochs else None

    return value


def _digest(field: str) -> Getter:
    return _trained(lambda training: getattr(training.digests, field))


def _samples(metric: str, summarise: Callable[[tuple[float, ...]], Value]) -> Getter:
    """A summary of a measurement's raw samples; None where there are none."""

    def get(record: Record) -> Value:
        measurement = record.measurement(metric)
        return summarise(measurement.values) if measurement and measurement.values else None

    return get


def _peak(values: tuple[float, ...]) -> int:
    return int(max(values))


def _train_s(training: Training) -> float:
    return sum(epoch.train_s for epoch in training.epochs)


def _train_images(training: Training) -> int:
    return sum(epoch.images for epoch in training.epochs)


def _versions(record: Record) -> str:
    return "; ".join(f"{name} {version}" for name, version in record.findings.versions.items())


def _text(name: str, description: str, value: Getter) -> Column:
    return Column(name, "text", None, description, value)


def _integer(name: str, description: str, value: Getter, better: Better = None) -> Column:
    return Column(name, "integer", better, description, value)


def _number(name: str, description: str, value: Getter, better: Better = None) -> Column:
    return Column(name, "number", better, description, value)


def metric_column(part: Literal["test", "validation"], metric: str) -> Column:
    """The column of a figure of quality on one of the core's splits."""
    meaning, better = _METRICS.get(metric, (metric, None))
    description = f"{meaning} on the {part} split, by the core from raw logits"
    value = _trained(lambda training: getattr(training, part).get(metric))
    return _number(f"{part}_{metric}", description, value, better)


def _fold(record: Record) -> Value:
    fold = record.case.fold
    return f"{fold[0] + 1} of {fold[1]}" if fold else None


_METRICS: dict[str, tuple[str, Better]] = {
    "top1_fraction": ("accuracy", "higher"),
    "top5_fraction": ("share whose class is among the five likeliest,", "higher"),
    "loss_nats": ("mean cross-entropy", "lower"),
}
_AXES = ("height_px", "width_px", "channels")

COLUMNS: tuple[Column, ...] = (
    _integer("schema", "version of the record's schema", _record("schema")),
    _text("run", "name of the run", _record("run")),
    _text("case_id", "the case's unique name", lambda r: r.case.id),
    _text("status", "ok, failed, timeout, oom, unsupported or skipped", _record("status")),
    _text("reason", "why the status is not ok", lambda r: " ".join(r.reason.split())),
    _text("architecture", "name of the architecture", _case("architecture")),
    _text("backend", "name of the backend", _case("backend")),
    _text("device", "cpu, cuda:0, mps, …", _case("device")),
    _text("device_name", "the vendor's name of it", lambda r: r.findings.device_name),
    _text("tier", "how the framework is called", _case("tier")),
    _text("precision", "number format of the computation", _case("precision")),
    _integer("threads", "CPU threads for one operation", _case("threads")),
    _text("division", "rules of the comparison", _case("division")),
    _text("protocol", "how figures are sampled", _case("protocol")),
    _text("isolation", "how the worker process is started", _case("isolation")),
    _text("dataset", "name of the data set", _case("dataset")),
    _integer("limit", "images of each of its splits; empty takes all", _case("limit")),
    _text("bad_images", "what becomes of images that cannot be read", _case("bad_images")),
    _integer("seed", "of splits, order and initial weights", _case("seed")),
    _text("fold", "which part of the training split is the test split, of how many", _fold),
    _text("origin", "graph, or native: written by a library", _case("origin")),
    _text("equality", "what is proven of its equality", _record("equality")),
    *(
        _integer(f"input_{axis}", "of the images it is measured on", _axis("input_shape", index))
        for index, axis in enumerate(_AXES)
    ),
    _integer("num_classes", "of the network that is measured", _case("num_classes")),
    *(
        _integer(
            f"train_input_{axis}",
            "of the images it is trained on; smaller where the budget is small",
            _axis("train_input_shape", index),
        )
        for index, axis in enumerate(_AXES)
    ),
    _integer("parameters", "trainable elements, by the graph", _size("parameters")),
    _integer("buffers", "elements that are state but not trained", _size("buffers")),
    _integer("macs", "multiply-accumulates for one image", _size("macs")),
    _integer("flops", "2 × macs", _size("flops")),
    _integer("native_parameters", "counted on the native model", _size("native_parameters")),
    _integer("native_macs", "counted on the native model", _size("native_macs")),
    _text("native_counter", "what counted them", _size("native_counter")),
    metric_column("test", "top1_fraction"),
    metric_column("test", "top5_fraction"),
    metric_column("test", "loss_nats"),
    metric_column("validation", "top1_fraction"),
    metric_column("validation", "top5_fraction"),
    metric_column("validation", "loss_nats"),
    _text("optimizer", "of the recipe", _recipe("optimizer")),
    _number("learning_rate", "of the recipe", _recipe("lr")),
    _text("augmentation", "of the recipe", lambda r: ", ".join(r.case.recipe.augmentation)),
    _integer("train_batch_size", "images in one step of the recipe", _recipe("batch_size")),
    _text("schedule", "of the recipe", _recipe("schedule")),
    _integer(
        "train_epochs",
        "epochs begun; a budget may cut the last one short",
        _trained(lambda t: len(t.epochs)),
    ),
    _integer("train_steps", "steps taken", _trained(lambda t: sum(e.steps for e in t.epochs))),
    _integer("train_images", "images trained on", _trained(_train_images)),
    _number(
        "train_loss_nats",
        "mean loss of the last epoch",
        _trained(lambda t: t.epochs[-1].mean_loss_nats),
    ),
    _number(
        "train_wall_s", "wall time of all epochs, compilation included", _trained(_train_s), "lower"
    ),
    _text("train_ended", "why training ended", _trained(lambda t: t.ended)),
    _number(
        "time_to_target_s",
        "wall time of training until the recipe's target was reached",
        _trained(lambda t: t.time_to_target_s),
        "lower",
    ),
    _number(
        "train_images_per_s",
        "train_images / train_wall_s: end to end, at the training input",
        _trained(lambda t: _train_images(t) / _train_s(t)),
        "higher",
    ),
    _number(
        "latency_batch1_p50_s",
        "forward pass of one image, median",
        _samples("latency", median),
        "lower",
    ),
    _integer("latency_samples", "calls timed for that median", _samples("latency", len)),
    _number(
        "first_call_s",
        "the very first forward pass, compilation included",
        _samples("first_call", median),
        "lower",
    ),
    _number(
        "first_training_step_s",
        "the very first training step, compilation included",
        _samples("first_training_step", median),
        "lower",
    ),
    _integer(
        "inference_batch_size",
        "images in one forward pass of the throughput",
        _case("inference_batch_size"),
    ),
    _number(
        "inference_throughput_images_per_s",
        "forward passes on resident data, median of windows",
        _samples("inference_throughput", median),
        "higher",
    ),
    _integer(
        "training_batch_size",
        "images in one training step of the throughput",
        _case("training_batch_size"),
    ),
    _number(
        "training_throughput_images_per_s",
        "training steps on resident data, median of windows",
        _samples("training_throughput", median),
        "higher",
    ),
    _integer(
        "host_memory_peak_bytes",
        "largest resident set while the network is built and called at batch 1",
        _samples("host_memory_peak", _peak),
        "lower",
    ),
    _integer(
        "host_memory_above_import_bytes",
        "the same, less what the process held before the network was built",
        _samples("host_memory_above_import", _peak),
        "lower",
    ),
    _integer(
        "device_memory_peak_bytes",
        "largest allocation on the device, in the same calls",
        _samples("device_memory_peak", _peak),
        "lower",
    ),
    _text("data_digest", "sha256 of images and labels", _digest("data")),
    _text("split_digest", "sha256 of the splits", _digest("split")),
    _text("order_digest", "sha256 of the training order", _digest("order")),
    _text("initial_weights_digest", "sha256 of the initial weights", _digest("initial_weights")),
    _text("fingerprint", "sha256 of the measured network", _size("fingerprint")),
    _text("train_fingerprint", "sha256 of the trained network", _digest("train_fingerprint")),
    _text("versions", "of everything that computes", _versions),
    _text("benchsuite_version", "of benchsuite itself", _record("benchsuite_version")),
    _text("started", "ISO 8601, UTC", _record("started")),
    _text("ended", "ISO 8601, UTC", _record("ended")),
)
