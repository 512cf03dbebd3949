"""How the leaderboard's columns are shown to people: units, digits and headers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from benchsuite.measure.flags import DOUBTFUL
from benchsuite.records import Measurement, Record
from benchsuite.report.columns.column import Column
from benchsuite.report.columns.quantities import extents, plus_minus, scaled, significant


@dataclass(frozen=True, slots=True)
class Figure:
    """A column for people; the header names the unit, a newline parts its two lines.

    factor: from the column's unit to the header's.
    """

    column: str
    header: str
    factor: float = 1.0
    digits: Callable[[float], str] = significant

    def show(self, value: float) -> str:
        """The column's value, in the header's unit."""
        return self.digits(value * self.factor)


def _fraction(value: float) -> str:
    return f"{value:.3f}"


def _whole(value: float) -> str:
    return f"{value:.0f}"


_MS, _MB = 1e3, 1e-6

_DOUBTFUL = "~"

#: In order of importance: a narrow table shows as many as fit.
FIGURES = (
    Figure("test_top1_fraction", "test top-1\nfraction", digits=_fraction),
    Figure("latency_batch1_p50_s", "latency\nms", _MS),
    Figure("inference_throughput_images_per_s", "inference\nimages/s"),
    Figure("training_throughput_images_per_s", "training\nimages/s"),
    Figure("device_memory_peak_bytes", "device\nMB", _MB),
    Figure("host_memory_peak_bytes", "host\nMB", _MB),
    Figure("train_wall_s", "trained\ns"),
    Figure("time_to_target_s", "to target\ns"),
    Figure("latency_batch1_p90_s", "latency p90\nms", _MS),
    Figure("latency_batch1_p99_s", "latency p99\nms", _MS),
    Figure("latency_host_batch1_p50_s", "from host\nms", _MS),
    Figure("best_inference_throughput_images_per_s", "best batch\nimages/s"),
    Figure("best_inference_batch_size", "best\nbatch", digits=_whole),
    Figure("inference_achieved_flops_per_s", "inference\nGFLOP/s", 1e-9),
    Figure("inference_share_of_ceiling_fraction", "inference\nof ceiling"),
    Figure("training_achieved_flops_per_s", "training\nGFLOP/s", 1e-9),
    Figure("training_share_of_ceiling_fraction", "training\nof ceiling"),
    Figure("training_forward_s", "forward\nms", _MS),
    Figure("training_backward_s", "backward\nms", _MS),
    Figure("training_update_s", "update\nms", _MS),
    Figure("first_call_s", "first call\ns"),
    Figure("first_training_step_s", "first step\ns"),
    Figure("host_memory_above_import_bytes", "above import\nMB", _MB),
    Figure("device_memory_reserved_bytes", "reserved\nMB", _MB),
    Figure("device_memory_driver_bytes", "driver\nMB", _MB),
    Figure("energy_per_image_j", "energy\nmJ/image", 1e3),
    Figure("idle_power_w", "idle\nW"),
    Figure("test_loss_nats", "test loss\nnats"),
    Figure("validation_top1_fraction", "validation top-1\nfraction", digits=_fraction),
    Figure("validation_loss_nats", "validation loss\nnats"),
    Figure("test_top5_fraction", "test top-5\nfraction", digits=_fraction),
    Figure("validation_top5_fraction", "validation top-5\nfraction", digits=_fraction),
    Figure("train_images_per_s", "end to end\nimages/s"),
    Figure("train_epochs", "epochs", digits=_whole),
    Figure("train_steps", "steps", digits=_whole),
    Figure("latency_samples", "latency\nsamples", digits=_whole),
    Figure("processes", "processes", digits=_whole),
    Figure("parameters", "parameters\nM", 1e-6),
    Figure("macs", "MACs\nM", 1e-6),
)

_KNOWN = frozenset(figure.column for figure in FIGURES)

#: Figures that depend on the size at which the network was trained.
_OF_TRAINING = frozenset({"train_wall_s", "time_to_target_s", "train_images_per_s"})
_QUALITY = ("test_", "validation_")


def figures_for(columns: Iterable[Column]) -> list[Figure]:
    """The figures of these columns; a plugin's metrics come last, under their own names."""
    names = [column.name for column in columns]
    further = [
        Figure(name, name.replace("_", "\n", 1))
        for name in names
        if name.startswith(_QUALITY) and name not in _KNOWN
    ]
    return [*(figure for figure in FIGURES if figure.column in names), *further]


def figure_for(column: Column) -> Figure:
    """How a column of numbers is shown to people, were it shown."""
    return next(iter(figures_for([column])), Figure(column.name, column.name.replace("_", " ")))


def show_figure(figure: Figure, column: Column, record: Record) -> str:
    """A cell; blank where nothing was measured.

    Where the network was trained at another size than it was measured at, figures that
    depend on training name that size.
    """
    value = column.read(record)
    if not isinstance(value, (int, float)):
        return ""
    figure_of_speed = column.measured(record) if column.measured else None
    if figure_of_speed:
        return _with_interval(figure, figure_of_speed)
    trained, measured = record.case.train_input_shape, record.case.input_shape
    of_training = figure.column.startswith(_QUALITY) or figure.column in _OF_TRAINING
    size = f" @{extents(trained[:2])}" if of_training and trained != measured else ""
    return f"{figure.show(value)}{size}"


def is_doubtful(column: Column, record: Record) -> bool:
    """Whether a figure is flagged in a way that keeps it out of every verdict."""
    measured = column.measured(record) if column.measured else None
    return measured is not None and not DOUBTFUL.isdisjoint(measured.flags)


def _with_interval(figure: Figure, measured: Measurement) -> str:
    """Such as `1.93 ±0.02`, in the digits that the interval supports; `~` where it is doubtful."""
    mark = "" if DOUBTFUL.isdisjoint(measured.flags) else _DOUBTFUL
    if measured.value is None:
        return ""
    if measured.low is None or measured.high is None:
        return f"{mark}{figure.show(measured.value)}"
    half = (measured.high - measured.low) / 2
    return f"{mark}{plus_minus(measured.value * figure.factor, half * figure.factor)}"


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
