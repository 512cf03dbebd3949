"""An .npy file of images that several processes fill, each its own rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Extent = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class RowFile:
    """Images of one shape (H, W, C), uint8.

    Written as a file, and not as mapped memory: a full disk is then an error and no crash.
    """

    path: Path
    shape: Extent
    begin: int

    @classmethod
    def create(cls, path: Path, count: int, shape: Extent) -> RowFile:
        """One of (N, H, W, C) zeros, which takes no room until it is written to."""
        array = np.lib.format.open_memmap(path, "w+", np.uint8, (count, *shape))
        return cls(path, shape, array.offset)

    def write(self, row: int, image: NDArray[np.uint8]) -> None:
        """Put one image (H, W, C) there."""
        with self.path.open("r+b") as file:
            file.seek(self.begin + row * image.nbytes)
            file.write(np.ascontiguousarray(image).data)
