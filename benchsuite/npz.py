"""NumPy's archives of arrays, from anybody: no pickles, and no more than is allowed."""

from pathlib import Path
from typing import Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import numpy as np
from numpy.typing import NDArray

from benchsuite.errors import UsageError
from benchsuite.files import check_unpacked, opened

#: What NumPy writes. Of others, zipfile unpacks a piece whole, however large it becomes.
_COMPRESSIONS = (ZIP_STORED, ZIP_DEFLATED)


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Every array of `np.savez(path, **arrays)`, by name.

    Raises OSError where there is no such file, ValueError where it is damaged or holds pickles,
    and UsageError where it holds what is no array, or unpacks to more than is allowed.
    """
    with opened(path) as file:
        try:
            _check_members(file, path)
            file.seek(0)
            with np.load(file, allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in stored.files}
        except (OSError, UsageError):
            raise
        except Exception as error:  # a damaged file makes zipfile and NumPy fail in many ways
            raise ValueError(" ".join(f"{error}".split()) or type(error).__name__) from error
        if not all(isinstance(array, np.ndarray) for array in arrays.values()):
            raise ValueError("its members are no arrays")  # NumPy gives bytes then
        return arrays


def _check_members(file: BinaryIO, path: Path) -> None:
    with ZipFile(file) as archive:
        members = archive.infolist()
    strangers = [member.filename for member in members if not member.filename.endswith(".npy")]
    if strangers:
        raise UsageError(f"'{path}' holds what is no array: {', '.join(strangers)}")
    if any(member.compress_type not in _COMPRESSIONS for member in members):
        raise ValueError("it is compressed in a way that NumPy does not write")
    check_unpacked(sum(member.file_size for member in members), path)
