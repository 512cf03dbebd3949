"""What a machine was found to be able to see: kept beside the runs, and heeded by them."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from benchsuite.errors import UsageError
from benchsuite.measure.machine.host import Complaint
from benchsuite.records import Ceiling
from benchsuite.records.reading import read_json
from benchsuite.records.writing import write_atomically

#: Beside the runs: what this machine was found to be able to see.
DIAGNOSIS = "doctor.json"


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """The ratio of a case to itself; detectable_fraction: how far its interval reaches from 1."""

    metric: str
    ratio: float
    low: float
    high: float
    verdict: str
    rounds: int
    detectable_fraction: float


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """What `benchsuite doctor` found; score: of 100. Empty or None is what nobody looked at."""

    host: str = ""
    case: str = ""
    score: int | None = None
    complaints: tuple[Complaint, ...] = ()
    sights: tuple[Sight, ...] = ()
    ceilings: tuple[Ceiling, ...] = ()

    @property
    def margins(self) -> Mapping[str, float]:
        """By figure, the smallest difference that this host can see."""
        return {sight.metric: sight.detectable_fraction for sight in self.sights}


#: Of a machine at which nobody looked.
UNKNOWN = Diagnosis()


def write_diagnosis(diagnosis: Diagnosis, results: Path) -> None:
    """Put it where later runs find it."""
    content = msgspec.json.format(msgspec.json.encode(diagnosis), indent=1) + b"\n"
    write_atomically(results / DIAGNOSIS, content)


def read_diagnosis(results: Path, host: str) -> Diagnosis:
    """What is known of this host; `UNKNOWN` where nobody looked, or at another."""
    try:
        diagnosis = read_json(results / DIAGNOSIS, Diagnosis, "diagnosis")
    except UsageError:
        # An old or broken file is no reason to end a run: it only makes verdicts stricter.
        return UNKNOWN
    return diagnosis if diagnosis.host == host else UNKNOWN
