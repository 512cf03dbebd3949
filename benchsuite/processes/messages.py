"""What the harness and its worker processes say to each other: one JSON object a line."""

import msgspec

from benchsuite.records import Case, Ceiling, Epoch, Findings
from benchsuite.records.causes import Cause
from benchsuite.records.series import Series

#: The inspection of a backend, the one task without a case.
INSPECT = "inspect"


class Files(msgspec.Struct, frozen=True, kw_only=True):
    """Paths for what no record holds, empty for none, and the epochs between two checkpoints."""

    predictions: str = ""
    checkpoint: str = ""
    checkpoint_epochs: int = 1


class BackedOff(msgspec.Struct, frozen=True, kw_only=True):
    """Batches that are timed in place of the case's own; None where its own are."""

    inference: int | None = None
    training: int | None = None


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """Harness -> worker: do this; `fork` asks for a child process of its own.

    case: None for the task that only inspects the backend.
    inference_batch_sizes: of the throughputs to be measured; of a trial, the one that is tried.
    """

    task: str
    log: str
    case: Case | None = None
    files: Files = Files()
    inference_batch_sizes: tuple[int, ...] = ()
    backed_off: BackedOff = BackedOff()
    fork: bool = False


class Began(msgspec.Struct, frozen=True, tag=True):
    """The job runs in process `pid`, the leader of a group of its own."""

    pid: int


class Trying(msgspec.Struct, frozen=True, tag=True):
    """What is tried next may not fit into memory: a figure, at a batch of so many images.

    metric: a measurement's name, or what else it is. advice: what would need less.
    """

    metric: str
    batch_size: int
    advice: str = ""


class Found(msgspec.Struct, frozen=True, tag=True):
    """Something is measured, and safe from whatever comes after."""

    findings: Findings


class SeriesFound(msgspec.Struct, frozen=True, tag=True):
    """A figure is sampled, likewise."""

    series: Series


class Answered(msgspec.Struct, frozen=True, tag=True):
    """The logits of the fixed batch, (N, classes), by which networks are compared."""

    logits: list[list[float]]


class CeilingFound(msgspec.Struct, frozen=True, tag=True):
    """What the device can do at the most is measured."""

    ceiling: Ceiling


class EpochOver(msgspec.Struct, frozen=True, tag=True):
    """Training has come so far: epoch `number`, from 1, has ended."""

    number: int
    epoch: Epoch


class BackendInspection(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """What a backend says of itself on this machine."""

    versions: dict[str, str]
    devices: tuple[str, ...]
    tiers: tuple[str, ...]
    precisions: tuple[str, ...]


class Done(msgspec.Struct, frozen=True, tag=True):
    """The job has come to its end: a process that goes without a word has not."""


class Failed(msgspec.Struct, frozen=True, tag=True):
    """The job cannot go on; reason: a sentence about the cause."""

    cause: Cause
    reason: str


class Unwritable(msgspec.Struct, frozen=True, tag=True):
    """The job cannot write a file of the run: no failure of its case."""

    reason: str


class Ended(msgspec.Struct, frozen=True, tag=True):
    """The job's process is gone, with this exit code; negative: killed by that signal."""

    returncode: int


Event = (
    Began
    | Trying
    | Found
    | SeriesFound
    | Answered
    | CeilingFound
    | EpochOver
    | BackendInspection
    | Done
    | Failed
    | Unwritable
    | Ended
)
