"""What a worker tells the harness, over what was its standard output."""

import os
import time
from collections.abc import Mapping
from typing import Any, BinaryIO

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchsuite.contract import Backend
from benchsuite.processes.messages import (
    Answered,
    BackendInspection,
    CeilingFound,
    EpochOver,
    Event,
    Found,
    SeriesFound,
)
from benchsuite.records import Ceiling, Epoch, Findings
from benchsuite.records.series import Series

#: Seconds between two words about training.
_TOLD_EVERY_S = 5.0


class EventSender:
    """Sends events; what is printed to standard output goes where errors go."""

    def __init__(self) -> None:
        self._file: BinaryIO = os.fdopen(os.dup(1), "wb")
        # The descriptor itself: libraries in C know nothing of `sys.stdout`.
        os.dup2(2, 1)

    def send(self, event: Event) -> None:
        """Send one."""
        # Another may have been killed in the middle of its word: this one begins a line.
        self._file.write(b"\n" + msgspec.json.encode(event) + b"\n")
        self._file.flush()


class EpochSender:
    """Says how training goes on, and not so often that the harness is in the way of it."""

    def __init__(self, sender: EventSender) -> None:
        self._sender = sender
        self._last = time.monotonic()

    def __call__(self, number: int, epoch: Epoch) -> None:
        """Epoch `number`, from 1, has ended."""
        now = time.monotonic()
        if now - self._last >= _TOLD_EVERY_S:
            self._last = now
            self._sender.send(EpochOver(number, epoch))


def inspect(backend: Backend) -> BackendInspection:
    """What a backend says of itself, on the machine where the worker runs."""
    return BackendInspection(
        versions=plain(backend.versions()),
        devices=tuple(backend.devices()),
        tiers=tuple(backend.tiers),
        precisions=tuple(backend.precisions),
    )


def plain(words: Mapping[str, str]) -> dict[str, str]:
    """The words as plain text: frameworks have versions of a type of their own."""
    return {str(key): str(value) for key, value in words.items()}


def event_of(found: Findings | Series | NDArray[Any] | Ceiling) -> Event:
    """What tells of something that a task has found."""
    match found:
        case Series():
            return SeriesFound(found)
        case np.ndarray():
            return Answered(found.tolist())
        case Ceiling():
            return CeilingFound(found)
        case _:
            return Found(found)
