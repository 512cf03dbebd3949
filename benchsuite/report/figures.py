"""How the leaderboard's columns are shown to people: units, digits and headers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from benchsuite.records import Record
from benchsuite.report.columns import Column
from benchsuite.report.quantities import extents, scaled, significant


@dataclass(frozen=True, slots=True)
class Figure:
    """A column for people; the header names the unit, a newline parts its two lines."""

    column: str
    header: str
    show: Callable[[float], str] = significant


def _times(factor: float) -> Callable[[float], str]:
    return lambda value: significant(value * factor)


def _fraction(value: float) -> str:
    return f"{value:.3f}"


_MS, _MB = _times(1e3), _times(1e-6)

#: In order of importance: a narrow table shows as many as fit.
FIGURES = (
    Figure("test_top1_fraction", "test top-1\nfraction", _fraction),
    Figure("latency_batch1_p50_s", "latency\nms", _MS),
    Figure("inference_throughput_images_per_s", "inference\nimages/s"),
    Figure("training_throughput_images_per_s", "training\nimages/s"),
    Figure("device_memory_peak_bytes", "device\nMB", _MB),
    Figure("host_memory_peak_bytes", "host\nMB", _MB),
    Figure("train_wall_s", "trained\ns"),
    Figure("time_to_target_s", "to target\ns"),
    Figure("first_call_s", "first call\ns"),
    Figure("first_training_step_s", "first step\ns"),
    Figure("host_memory_above_import_bytes", "above import\nMB", _MB),
    Figure("test_loss_nats", "test loss\nnats"),
    Figure("validation_top1_fraction", "validation top-1\nfraction", _fraction),
    Figure("validation_loss_nats", "validation loss\nnats"),
    Figure("test_top5_fraction", "test top-5\nfraction", _fraction),
    Figure("validation_top5_fraction", "validation top-5\nfraction", _fraction),
    Figure("train_images_per_s", "end to end\nimages/s"),
    Figure("train_epochs", "epochs", str),
    Figure("train_steps", "steps", str),
    Figure("latency_samples", "latency\nsamples", str),
    Figure("parameters", "parameters\nM", _times(1e-6)),
    Figure("macs", "MACs\nM", _times(1e-6)),
)

#: Figures that depend on the size at which the network was trained.
_OF_TRAINING = frozenset({"train_wall_s", "time_to_target_s", "train_images_per_s"})
_QUALITY = ("test_", "validation_")


def figures_for(columns: Iterable[Column]) -> list[Figure]:
    """The figures of these columns; a plugin's metrics come last, under their own names."""
    names = [column.name for column in columns]
    known = {figure.column for figure in FIGURES}
    further = [
        Figure(name, name.replace("_", " ", 1).replace(" ", "\n"))
        for name in names
        if name.startswith(_QUALITY) and name not in known
    ]
    return [*(figure for figure in FIGURES if figure.column in names), *further]


def show_figure(figure: Figure, column: Column, record: Record) -> str:
    """A cell; blank where nothing was measured.

    Where the network was trained at another size than it was measured at, figures that
    depend on training name that size.
    """
    value = column.read(record)
    if not isinstance(value, (int, float)):
        return ""
    trained, measured = record.case.train_input_shape, record.case.input_shape
    of_training = figure.column.startswith(_QUALITY) or figure.column in _OF_TRAINING
    size = f" @{extents(trained[:2])}" if of_training and trained != measured else ""
    return f"{figure.show(value)}{size}"


def show_networks(records: Sequence[Record]) -> str:
    """Input, classes, size and batches of the networks in a section, each once."""
    sizes: dict[tuple[str, str], str] = {}
    for record in records:
        case, size = record.case, record.findings.size
        key = (
            f"{extents(case.input_shape)} → {case.num_classes}",
            f"batch {case.inference_batch_size}/{case.training_batch_size}",
        )
        known = f"{scaled(size.parameters)} parameters · {scaled(size.macs)} MACs" if size else ""
        sizes[key] = sizes.get(key) or known
    return "; ".join(
        " · ".join(filter(None, (network, size, batches)))
        for (network, batches), size in sizes.items()
    )
