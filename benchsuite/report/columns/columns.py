"""The leaderboard's columns, as data: what each is called, means, and is read from.

Names are stable and carry units. `docs/reference/leaderboard.md` lists them in this order.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

import msgspec

from benchsuite.contract.quantity import Quantity
from benchsuite.metrics import METRICS, QUALITY
from benchsuite.metrics.declared import LOSS, TOP1, TOP5, TRAINING
from benchsuite.records import Epoch, Record, Role, Training
from benchsuite.report.columns.column import (
    LAST,
    Column,
    Value,
    integer,
    number,
    of_quantity,
    of_training,
    text,
)
from benchsuite.report.columns.quantities import whole
from benchsuite.report.columns.speed_columns import SPEED

Split = Literal["test", "validation"]
SPLITS: tuple[Split, ...] = ("test", "validation")
#: Where people see a figure of a split among others.
_IMPORTANCE = {
    "test": {TOP1.name: 10, LOSS.name: 280, TOP5.name: 310},
    "validation": {TOP1.name: 290, LOSS.name: 300, TOP5.name: 320},
}


def metric_column(split: Split, metric: str) -> Column:
    """The column of a figure of quality on one of the core's splits."""
    name = f"{split}_{metric}"
    declared = QUALITY.get(metric)
    value = of_training(lambda training: getattr(training, split).get(metric))
    meaning, better = (declared.help, declared.better) if declared else (metric, None)
    description = f"{meaning} on the {split} split, by the core from raw logits"
    column = number(name, description, value, better)
    # Of a plugin's metric, records do not say which way it is better, nor what people call it.
    if declared is None:
        return column.shown_as(name.replace("_", "\n", 1), LAST)
    of_split = msgspec.structs.replace(
        declared, label=f"{split} {declared.label}", short=f"{split} {declared.short}"
    )
    shown = of_quantity(column, of_split, _IMPORTANCE[split][metric])
    return replace(shown, alias=declared.alias if split == "test" else "")


def _train_s(training: Training) -> float:
    return sum(epoch.train_s for epoch in training.epochs)


def _compile_s(training: Training) -> float | None:
    """Of all processes that trained: a run that is resumed compiles again."""
    found = [epoch.compile_s for epoch in training.epochs if epoch.compile_s is not None]
    return sum(found) if found else None


def _timing(column: Column) -> Column:
    """The column as one of a time of training."""
    return replace(column, times_training=True)


def _train_images(training: Training) -> int:
    return sum(epoch.images for epoch in training.epochs)


def _warm(training: Training) -> Sequence[Epoch]:
    """All epochs but the first, in which frameworks compile; that one where there is no other."""
    return training.epochs[1:] or training.epochs


def _warm_images_per_s(training: Training) -> float:
    epochs = _warm(training)
    return sum(epoch.images for epoch in epochs) / sum(epoch.train_s for epoch in epochs)


def _input_wait_fraction(training: Training) -> float | None:
    epochs = _warm(training)
    waits = [epoch.input_wait_s for epoch in epochs if epoch.input_wait_s is not None]
    # An epoch of unknown waiting would count as one without.
    if len(waits) < len(epochs):
        return None
    return sum(waits) / sum(epoch.train_s for epoch in epochs)


def _versions(record: Record) -> str:
    return "; ".join(f"{name} {version}" for name, version in record.findings.versions.items())


def _fold(record: Record) -> Value:
    fold = record.case.fold
    return f"{fold[0] + 1} of {fold[1]}" if fold else None


def _extents(prefix: str, description: str) -> Iterator[Column]:
    """Those of a shape of the case, a column each."""
    for place, axis in enumerate(("height_px", "width_px", "channels")):
        yield integer(f"{prefix}_{axis}", description, f"case.{prefix}_shape.{place}")


def _size(name: str, description: str, alias: str = "") -> Column:
    """A count of the network, under the name that its size has for it."""
    return integer(name, description, f"findings.size.{name}", alias=alias)


#: Columns of older leaderboards: their names of then, and those of today.
RENAMED = {"environment": "process_settings"}

COLUMNS: tuple[Column, ...] = (
    integer("schema", "version of the record's schema", "schema"),
    text("run", "name of the run", "run", role=Role.PROVENANCE),
    text("case_id", "the case's unique name", lambda r: r.case.id),
    text("status", "ok, failed, timeout, oom, unsupported or skipped", "status"),
    # A traceback has many lines, and a cell has one.
    text("reason", "why the status is not ok", lambda r: " ".join(r.reason.split())),
    text("cause", "why, in a word", "cause"),
    text("architecture", "name of the architecture", "case.architecture", alias="arch"),
    text("backend", "name of the backend", "case.backend"),
    text("device", "cpu, cuda:0, mps, …", "case.device"),
    # `cuda:0` is another GPU on another machine: its name must agree, too.
    text("device_name", "the vendor's name of the device", "findings.device_name", role=Role.AXIS),
    text("tier", "how the framework is called", "case.tier"),
    text("precision", "number format of the computation", "case.precision"),
    integer("threads", "CPU threads for one operation", "case.threads"),
    text("division", "rules of the comparison", "case.division"),
    text("protocol", "how figures are sampled", "case.protocol"),
    text("isolation", "how the worker process is started", "case.isolation"),
    text("process_settings", "tuned for the framework, or stock", "case.process_settings"),
    text("dataset", "name of the data set", "case.dataset"),
    integer("limit", "number of images of each split; empty takes all", "case.limit"),
    text("bad_images", "what happens with images that cannot be read", "case.bad_images"),
    integer("seed", "seed of splits, order and initial weights", "case.seed"),
    text(
        "fold",
        "the part of the training split that is the test split, and the number of parts",
        _fold,
        field="fold",
    ),
    text("origin", "graph, or native: written by a library", "case.origin"),
    text("equality", "what certificates prove of the network's equality", "equality"),
    *_extents("input", "size of the images that the network is measured on"),
    integer("num_classes", "classes of the measured network", "case.num_classes"),
    *_extents(
        "train_input",
        "size of the images that the network is trained on; smaller if the budget is small",
    ),
    _size("parameters", "trainable elements, by the graph", alias="params").shown_as(
        "parameters\nM", 380, 1e-6
    ),
    _size("buffers", "elements that are stored but not trained"),
    _size("macs", "multiply-accumulates for one image").shown_as("MACs\nM", 390, 1e-6),
    _size("flops", "2 × macs"),
    _size("native_parameters", "parameters counted on the native model"),
    _size("native_macs", "MACs counted on the native model"),
    text("native_counter", "the counter of the native figures", "findings.size.native_counter"),
    _size(
        "activations_peak_elements",
        "largest number of activations alive at once in inference, for one image, by the graph",
    ),
    _size(
        "activations_total_elements",
        "elements of all layers' outputs for one image: the most that training keeps",
    ),
    _size("training_macs", "multiply-accumulates of a training step for one image"),
    *(metric_column(split, metric) for split in SPLITS for metric in QUALITY),
    text("optimizer", "optimiser of the recipe", "case.recipe.optimizer"),
    number("learning_rate", "largest learning rate of the recipe", "case.recipe.lr"),
    # Making the images is a part of training's time: a ranking has one input pipeline.
    text(
        "augmentation",
        "augmentations of the recipe",
        lambda r: ", ".join(r.case.recipe.augmentation),
        field="recipe",
        role=Role.SETTING,
    ),
    integer("train_batch_size", "images in one step of the recipe", "case.recipe.batch_size"),
    text("schedule", "learning-rate schedule of the recipe", "case.recipe.schedule"),
    integer(
        "train_epochs",
        "epochs begun; a budget may end the last one early",
        of_training(lambda t: len(t.epochs)),
    ).shown_as("epochs", 340, digits=whole),
    integer(
        "train_steps", "steps taken", of_training(lambda t: sum(e.steps for e in t.epochs))
    ).shown_as("steps", 350, digits=whole),
    integer("train_images", "images trained on", of_training(_train_images)),
    number(
        "train_loss_nats",
        "mean loss of the last epoch",
        of_training(lambda t: t.epochs[-1].mean_loss_nats),
    ),
    *map(
        _timing,
        (
            number(
                "train_wall_s",
                "wall time of all epochs, without compilation",
                of_training(_train_s),
                "lower",
                alias="trained",
            ).shown_as("trained\ns", 70),
            number(
                "time_to_target_s",
                "wall time of training until the recipe's target was reached",
                "trained.time_to_target_s",
                "lower",
                alias="to_target",
            ).shown_as("to target\ns", 80),
            number(
                "train_images_per_s",
                "train_images / train_wall_s: end to end, at the training input",
                of_training(lambda t: _train_images(t) / _train_s(t)),
                "higher",
            ).shown_as("end to end\nimages/s", 330),
        ),
    ),
    number(
        "compile_s",
        "what the first step took longer than the others; empty where it cannot be told apart",
        of_training(_compile_s),
        "lower",
    ).shown_as("compile\ns", 335),
    text("train_ended", "why training ended", "trained.ended"),
    number(
        "training_with_input_images_per_s",
        "the same without the first epoch, where there are several: beside "
        f"{TRAINING.name}, with the input pipeline",
        of_training(_warm_images_per_s),
        "higher",
    ),
    number(
        "input_wait_fraction",
        "share of that time spent waiting for batches; empty if the framework makes them",
        of_training(_input_wait_fraction),
        "lower",
    ),
    *SPEED,
    text("data_digest", "sha256 of images and labels", "trained.digests.data", role=Role.SETTING),
    text("split_digest", "sha256 of the splits", "trained.digests.split"),
    text("order_digest", "sha256 of the training order", "trained.digests.order"),
    text(
        "initial_weights_digest", "sha256 of the initial weights", "trained.digests.initial_weights"
    ),
    text("fingerprint", "sha256 of the measured network", "findings.size.fingerprint"),
    text("train_fingerprint", "sha256 of the trained network", "trained.digests.train_fingerprint"),
    text("versions", "versions of everything that computes", _versions),
    text("benchsuite_version", "version of benchsuite", "benchsuite_version"),
    text("started", "start of the case, ISO 8601, UTC", "started"),
    text("ended", "end of the case, ISO 8601, UTC", "ended"),
)

#: By quantity: its own column, before those at another batch, and of quality on the test split.
_OF_QUANTITY = {c.quantity.name: c for c in reversed(COLUMNS) if c.quantity}


def column_of(quantity: Quantity) -> Column:
    """The column of a declared quantity."""
    return _OF_QUANTITY[quantity.name]


#: Of the figures that stand for a network where several are shown at once.
HEADLINES: tuple[Column, ...] = tuple(
    column_of(one) for one in (*METRICS.values(), *QUALITY.values()) if one.headline
)
