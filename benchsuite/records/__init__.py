"""Records: their schema and its versions, and the store that keeps them."""

from benchsuite.records.case import Case, Role, fields_with
from benchsuite.records.ceilings import Ceiling, Probe
from benchsuite.records.lock import locked
from benchsuite.records.schema import (
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
    "Role",
    "Roofline",
    "RunStore",
    "Size",
    "Status",
    "Stored",
    "Training",
    "fields_with",
    "finite",
    "join",
    "locked",
    "read_record",
    "read_records",
    "read_run",
    "read_stored",
]
