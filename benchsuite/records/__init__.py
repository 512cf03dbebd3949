"""Records: their schema and its versions, and the store that keeps them."""

from typing import TYPE_CHECKING

from benchsuite.lazy import imported_when_used
from benchsuite.records.case import Case, Role, fields_with
from benchsuite.records.causes import Cause, Status
from benchsuite.records.ceilings import Ceiling, CeilingProbe
from benchsuite.records.proof import Proof
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
    Training,
    finite,
    join,
)

if TYPE_CHECKING:
    from benchsuite.records.store import (
        RunStore,
        Stored,
        locked,
        read_record,
        read_records,
        read_run,
        read_some,
        read_stored,
    )

__all__ = [
    "Case",
    "Cause",
    "Ceiling",
    "CeilingProbe",
    "Digests",
    "Epoch",
    "Findings",
    "Measurement",
    "Overflow",
    "Phase",
    "Proof",
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
    "read_some",
    "read_stored",
]

#: What keeps records is for the harness: a worker needs their schema alone.
_STORE = (
    *("RunStore", "Stored", "locked"),
    *("read_record", "read_records", "read_run", "read_some", "read_stored"),
)
__getattr__ = imported_when_used(__name__, dict.fromkeys(_STORE, "benchsuite.records.store"))
