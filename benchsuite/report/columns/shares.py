"""What counting images says of a share of them."""

from benchsuite.measure.statistics.proportions import wilson
from benchsuite.metrics import QUALITY
from benchsuite.records import Record
from benchsuite.report.columns.column import Column

#: Of images of a split, that were counted: column -> split.
_SPLITS = {
    f"{split}_{declared.name}": split
    for split in ("test", "validation")
    for declared in QUALITY.values()
    if declared.unit == "fraction"
}


def share_interval(record: Record, column: Column) -> tuple[float, float] | None:
    """The 95 % interval of a row's share of recognised images; None of another figure."""
    training, split, share = record.findings.training, _SPLITS.get(column.name), column.read(record)
    count = training.split_sizes.get(split, 0) if training and split else 0
    return wilson(share, count) if count and isinstance(share, int | float) else None
