"""The leaderboard's columns of quality: each figure on each of the core's splits."""

from dataclasses import replace
from typing import Literal

import msgspec

from benchsuite.metrics import QUALITY
from benchsuite.metrics.quality import LOSS, TOP1, TOP5
from benchsuite.report.columns.column import LAST, Column, number, of_quantity, of_training

_SPLITS: tuple[Literal["test", "validation"], ...] = ("test", "validation")
#: Where people see a figure of a split among others.
_IMPORTANCE = {
    "test": {TOP1.name: 10, LOSS.name: 280, TOP5.name: 310},
    "validation": {TOP1.name: 290, LOSS.name: 300, TOP5.name: 320},
}


def metric_column(split: Literal["test", "validation"], metric: str) -> Column:
    """The column of a figure of quality on one of the core's splits.

    A plugin's stands last, under its own name: records do not say which way it is better.
    """
    name = f"{split}_{metric}"
    declared = QUALITY.find(metric)
    value = of_training(lambda training: getattr(training, split).get(metric))
    meaning, better = (declared.help, declared.better) if declared else (metric, None)
    description = f"{meaning} on the {split} split, by the core from raw logits"
    column = number(name, description, value, better)
    if declared is None:
        return column.shown_as(name.replace("_", "\n", 1), LAST)
    of_split = msgspec.structs.replace(
        declared, label=f"{split} {declared.label}", short=f"{split} {declared.short}"
    )
    shown = of_quantity(column, of_split, _IMPORTANCE[split][metric])
    return replace(shown, alias=declared.alias if split == "test" else "")


QUALITY_COLUMNS: tuple[Column, ...] = tuple(
    metric_column(split, metric) for split in _SPLITS for metric in QUALITY
)
