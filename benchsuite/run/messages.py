"""What the harness and its worker processes say to each other: one JSON object a line."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchsuite.records import Case, Ceiling, Epoch, Findings, Status
from benchsuite.records.series import Series

#: The look at a backend, the one task without a case.
LOOK = "look"


class Files(msgspec.Struct, frozen=True, kw_only=True):
    """Paths for what is too large for a case's record; nothing is written where one is empty.

    checkpoint_epochs: of training, between one checkpoint and the next.
    """

    predictions: str = ""
    checkpoint: str = ""
    checkpoint_epochs: int = 1


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """Harness -> worker: do this; `fork` asks for a child process of its own.

    `case` is None for the task that only looks at the backend.
    inference_batch_sizes: of the throughputs to be measured.
    """

    task: str
    log: str
    case: Case | None = None
    files: Files = Files()
    inference_batch_sizes: tuple[int, ...] = ()
    fork: bool = False


class Ready(msgspec.Struct, frozen=True, tag=True):
    """The framework is imported; `seconds` since the interpreter started."""

    seconds: float


class Began(msgspec.Struct, frozen=True, tag=True):
    """The job runs in process `pid`, the leader of a group of its own."""

    pid: int


class Found(msgspec.Struct, frozen=True, tag=True):
    """Something is measured, and safe from whatever comes after."""

    findings: Findings


class Sampled(msgspec.Struct, frozen=True, tag=True):
    """A figure is sampled, likewise."""

    series: Series


class Answered(msgspec.Struct, frozen=True, tag=True):
    """The logits of the fixed batch, (N, classes), by which networks are compared."""

    logits: list[list[float]]

    def array(self) -> NDArray[np.float64]:
        """The same as an array."""
        return np.asarray(self.logits)


class Bounded(msgspec.Struct, frozen=True, tag=True):
    """What the device can do at the most is measured."""

    ceiling: Ceiling


class Trained(msgspec.Struct, frozen=True, tag=True):
    """Training has come so far: epoch `number`, from 1, has ended."""

    number: int
    epoch: Epoch


class Looked(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """What a backend says of itself on this machine."""

    versions: dict[str, str]
    devices: tuple[str, ...]
    tiers: tuple[str, ...]
    precisions: tuple[str, ...]


class Broke(msgspec.Struct, frozen=True, tag=True):
    """The job cannot go on."""

    status: Status
    reason: str


class Ended(msgspec.Struct, frozen=True, tag=True):
    """The job's process is gone, with this exit code; negative: killed by that signal."""

    returncode: int


Event = Ready | Began | Found | Sampled | Answered | Bounded | Trained | Looked | Broke | Ended
