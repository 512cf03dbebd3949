"""The reference's tensors on disk: one at a time is read, compared and let go."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchsuite.errors import BenchsuiteError
from benchsuite.parity.experiment import Observation

_INDEX = "index.json"
#: A gradient below this share of the network's largest is rounding.
_LEAST_GRADIENT = 1e-13


class _Index(msgspec.Struct, frozen=True):
    """Quantity, name and shape of each tensor, and the largest element of each quantity."""

    tensors: list[tuple[str, str, tuple[int, ...]]]
    largest: dict[str, float]


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """A tensor on disk, read in blocks: as a whole it may take a gigabyte."""

    path: Path
    shape: tuple[int, ...]

    def blocks(self, size: int) -> Iterator[NDArray[np.float64]]:
        """Its elements in order, `size` at a time."""
        with self.path.open("rb") as file:
            while (block := np.fromfile(file, np.float64, size)).size:
                yield block


class ReferenceWriter:
    """Writes observations into a folder; the index last, by `close`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tensors: list[tuple[str, str, tuple[int, ...]]] = []
        self._maxima: dict[str, dict[str, float]] = {}

    def add(self, observation: Observation) -> None:
        """Write one tensor. Raises ValueError for a second one of the same name."""
        quantity, name = observation.quantity, observation.name
        maxima = self._maxima.setdefault(quantity, {})
        if name in maxima:
            raise ValueError(f"two {quantity} of '{name}'")
        array = np.asarray(observation.array, np.float64)
        array.tofile(_path(self._folder, len(self._tensors)))
        self._tensors.append((quantity, name, array.shape))
        maxima[name] = largest_of(array)

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
        index = msgspec.json.decode((folder / _INDEX).read_bytes(), type=_Index)
        self.largest = index.largest
        self._stored = {
            (quantity, name): StoredTensor(_path(folder, place), shape)
            for place, (quantity, name, shape) in enumerate(index.tensors)
        }

    def take(self, quantity: str, name: str) -> StoredTensor:
        """One tensor. Raises BenchsuiteError where the reference has none of that name."""
        stored = self._stored.pop((quantity, name), None)
        if stored is None:
            raise BenchsuiteError(
                f"the backend yields {quantity} of '{name}', which the reference does not have"
            )
        return stored

    def require_all_taken(self, but: str = "") -> None:
        """Raises BenchsuiteError, naming every tensor that was not asked for.

        but: a quantity that need not be.
        """
        left = [(quantity, name) for quantity, name in self._stored if quantity != but]
        if left:
            missing = ", ".join(f"{quantity} of '{name}'" for quantity, name in left)
            raise BenchsuiteError(f"the backend does not yield {missing}")


def largest_of(array: NDArray[np.floating]) -> float:
    """The largest absolute value, with no copy of the array; NaN where there is one."""
    return float(np.maximum(abs(array.max()), abs(array.min())))


def _path(folder: Path, place: int) -> Path:
    return folder / f"{place}.float64"
