"""The names of what is compared: short ones, and those of the leaderboard's columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchsuite.errors import UsageError, did_you_mean
from benchsuite.report.columns.column import Column
from benchsuite.report.columns.columns import COLUMNS

SHORT: Mapping[str, str] = {
    "latency": "latency_batch1_p50_s",
    "throughput": "inference_throughput_images_per_s",
    "training": "training_throughput_images_per_s",
    "top1": "test_top1_fraction",
    "memory": "host_memory_peak_bytes",
    "energy": "energy_per_image_j",
}
DEFAULT = ("latency", "throughput", "training", "top1")
_LONG = {long: short for short, long in SHORT.items()}


def short_name(column: Column) -> str:
    """What people call a column, where they do."""
    return _LONG.get(column.name, column.name)


def metric_named(name: str) -> Column:
    """The column of a name. Raises UsageError where there is none, or neither end is better."""
    comparable = {column.name: column for column in COLUMNS if column.better}
    wanted = SHORT.get(name, name)
    if wanted not in comparable:
        hint = did_you_mean(name, [*SHORT, *comparable])
        raise UsageError(
            f"'{name}' is no metric that can be compared.{hint} There are: {', '.join(SHORT)}, "
            "and the columns of docs/leaderboard.md that have a better end"
        )
    return comparable[wanted]


def metrics_named(names: Sequence[str]) -> list[Column]:
    """Their columns, each once."""
    return list({column.name: column for column in map(metric_named, names)}.values())
