"""Training that goes on where it was: all that the next step depends on, in one file."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchsuite.contract import Session
from benchsuite.graph.weights import Weights
from benchsuite.records import Epoch
from benchsuite.records.writing import written

_STATE, _BEST = "state/", "best/"
_HISTORY, _KEY = "history", "key"


class TrainingHistory(msgspec.Struct):
    """What is known of the epochs so far."""

    epochs: list[Epoch] = []
    losses: list[float] = []


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """One training's file, written every few epochs.

    key: says what the training is of; a file with another key is not gone on from.
    """

    path: Path
    every: int
    key: str

    def load(self, session: Session) -> tuple[TrainingHistory, Weights | None]:
        """Put the session where the file has it; the history, and the best weights so far.

        Nothing where there is no file, it is another training's, or damaged.
        """
        if not self.path.is_file():
            return TrainingHistory(), None
        try:
            history, tensors = self._read()
        except Exception as error:  # noqa: BLE001 - whatever safetensors says of a damaged file
            print(f"'{self.path}' is ignored, {error}: training starts anew")  # noqa: T201 - the case's log
            return TrainingHistory(), None
        session.set_state(_under(_STATE, tensors))
        return history, _under(_BEST, tensors) or None

    def _read(self) -> tuple[TrainingHistory, dict[str, NDArray[Any]]]:
        from safetensors import safe_open

        with safe_open(self.path, framework="numpy") as file:
            about = file.metadata() or {}
            if about.get(_KEY) != self.key:
                raise ValueError("it is of another training")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no dict
            return msgspec.json.decode(about[_HISTORY], type=TrainingHistory), tensors

    def save(self, session: Session, history: TrainingHistory, best: Weights | None) -> None:
        """Write the file anew where it is time to, as a whole or not at all.

        Raises StorageError.
        """
        if len(history.epochs) % self.every:
            return
        tensors = {
            **{f"{_STATE}{name}": array for name, array in session.state().items()},
            **{f"{_BEST}{name}": array for name, array in (best or {}).items()},
        }
        metadata = {_KEY: self.key, _HISTORY: msgspec.json.encode(history).decode()}
        with written(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            _write(self.path, {n: np.asarray(a, order="C") for n, a in tensors.items()}, metadata)


def _write(path: Path, tensors: dict[str, NDArray[Any]], metadata: dict[str, str]) -> None:
    """Straight into a file: a copy of all tensors may not fit into memory."""
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    part = path.with_suffix(".part")
    try:
        save_file(tensors, part, metadata)
    except SafetensorError as error:  # how it tells of a full disk
        raise OSError(str(error)) from error
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(path)


def _under(prefix: str, tensors: Weights) -> dict[str, NDArray[Any]]:
    return {n.removeprefix(prefix): array for n, array in tensors.items() if n.startswith(prefix)}
