"""The reference's tensors on disk: one at a time is read, compared and let go."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchsuite.errors import BenchsuiteError
from benchsuite.verify.compare import largest_of
from benchsuite.verify.experiment import Observation

_INDEX = "index.json"
#: A gradient below this share of the network's largest is rounding.
_LEAST_GRADIENT = 1e-13


class _Index(msgspec.Struct, frozen=True):
    """Where each tensor lies, and the largest element of each quantity."""

    tensors: list[tuple[str, str]]
    largest: dict[str, float]


class ReferenceWriter:
    """Writes observations into a folder; the index last, by `close`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tensors: list[tuple[str, str]] = []
        self._maxima: dict[str, dict[str, float]] = {}

    def add(self, observation: Observation) -> None:
        """Write one tensor. Raises ValueError for a second one of the same name."""
        if (observation.quantity, observation.name) in self._tensors:
            raise ValueError(f"two {observation.quantity} of '{observation.name}'")
        array = np.asarray(observation.array, np.float64)
        np.save(self._folder / f"{len(self._tensors)}.npy", array)
        self._tensors.append((observation.quantity, observation.name))
        self._maxima.setdefault(observation.quantity, {})[observation.name] = largest_of(array)

    def without_gradient(self) -> tuple[str, ...]:
        """Weights whose gradient is zero but for rounding."""
        maxima = self._maxima.get("gradients", {})
        least = _LEAST_GRADIENT * max(maxima.values(), default=0.0)
        return tuple(name for name, own in maxima.items() if own < least)

    def close(self) -> None:
        """Write the index: without one, the folder is no reference."""
        largest = {quantity: max(maxima.values()) for quantity, maxima in self._maxima.items()}
        index = _Index(self._tensors, largest)
        (self._folder / _INDEX).write_bytes(msgspec.json.encode(index))


class ReferenceReader:
    """Reads them back by quantity and name, each once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        index = msgspec.json.decode((folder / _INDEX).read_bytes(), type=_Index)
        self.largest = index.largest
        self._places = {tuple(tensor): place for place, tensor in enumerate(index.tensors)}

    def take(self, quantity: str, name: str) -> NDArray[np.float64]:
        """One tensor, read as it is used.

        Raises BenchsuiteError where the reference has none of that name.
        """
        place = self._places.pop((quantity, name), None)
        if place is None:
            raise BenchsuiteError(
                f"the backend yields {quantity} of '{name}', which the reference does not have"
            )
        path = self._folder / f"{place}.npy"
        array: NDArray[np.float64] = np.load(path, mmap_mode="r", allow_pickle=False)
        return array

    def require_all_taken(self) -> None:
        """Raises BenchsuiteError, naming every tensor that was not asked for."""
        if self._places:
            missing = ", ".join(f"{quantity} of '{name}'" for quantity, name in self._places)
            raise BenchsuiteError(f"the backend does not yield {missing}")
