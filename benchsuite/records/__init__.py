"""Records: their schema and its versions, and the store that keeps them."""

from benchsuite.records.schema import (
    Case,
    Digests,
    Epoch,
    Findings,
    Measurement,
    Phase,
    Record,
    Size,
    Status,
    Training,
    finite,
    join,
)
from benchsuite.records.store import RunStore, read_record, read_records

__all__ = [
    "Case",
    "Digests",
    "Epoch",
    "Findings",
    "Measurement",
    "Phase",
    "Record",
    "RunStore",
    "Size",
    "Status",
    "Training",
    "finite",
    "join",
    "read_record",
    "read_records",
]
