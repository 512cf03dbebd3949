"""Records: their schema and its versions, and the store that keeps them."""

from benchsuite.records.ceilings import Ceiling, Probe
from benchsuite.records.lock import locked
from benchsuite.records.schema import (
    Case,
    Digests,
    Epoch,
    Findings,
    Measurement,
    Overflow,
    Phase,
    Record,
    Roofline,
    Size,
    Status,
    Training,
    finite,
    join,
)
from benchsuite.records.store import (
    RunStore,
    Stored,
    read_record,
    read_records,
    read_run,
    read_stored,
)

__all__ = [
    "Case",
    "Ceiling",
    "Digests",
    "Epoch",
    "Findings",
    "Measurement",
    "Overflow",
    "Phase",
    "Probe",
    "Record",
    "Roofline",
    "RunStore",
    "Size",
    "Status",
    "Stored",
    "Training",
    "finite",
    "join",
    "locked",
    "read_record",
    "read_records",
    "read_run",
    "read_stored",
]
