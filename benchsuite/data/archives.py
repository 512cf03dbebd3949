"""Published data sets in their own formats: IDX, CIFAR's pickles, SVHN's matrices."""

from __future__ import annotations

import gzip
import pickle
import struct
import tarfile
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from benchsuite.contract import Split
from benchsuite.errors import UsageError

#: IDX: two zeros, the code of the type, the number of axes (LeCun, yann.lecun.com/exdb/mnist).
_UINT8_CODE = 8

#: All that the pickles of CIFAR need; anything else in a pickle is code, and is refused.
_HARMLESS = {
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("_codecs", "encode"),
}


def read_idx(path: Path) -> NDArray[np.uint8]:
    """An IDX file of unsigned bytes, gzip or plain. Raises UsageError where it is none."""
    raw = path.read_bytes()
    try:
        content = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
        zeros, code, axes = struct.unpack(">HBB", content[:4])
        shape = struct.unpack(f">{axes}I", content[4 : 4 + 4 * axes])
    except (OSError, EOFError, zlib.error, struct.error) as error:
        raise UsageError(f"'{path}' is no whole IDX file: {error}") from error
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * axes)
    if (zeros, code) != (0, _UINT8_CODE) or values.size != np.prod(shape, dtype=np.int64):
        raise UsageError(
            f"'{path}' is no whole IDX file of bytes: it has {values.size:,} values of type "
            f"{code:#04x}, and says that its shape is {shape}"
        )
    return values.reshape(shape)


class _DataOnly(pickle.Unpickler):
    """Reads arrays, texts and numbers, and refuses everything that would run code."""

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 - as pickle has it
        if (module, name) in _HARMLESS:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"it would run {module}.{name}")


def read_pickle(file: IO[bytes], name: str) -> dict[bytes, Any]:
    """The dictionary in one of CIFAR's pickles. Raises UsageError where it holds code."""
    try:
        found = _DataOnly(file, encoding="bytes").load()
    except (pickle.UnpicklingError, EOFError, ValueError, KeyError, IndexError) as error:
        raise UsageError(f"'{name}' is no pickle of arrays: {error}") from error
    if not isinstance(found, dict):
        raise UsageError(f"'{name}' holds no dictionary, but a {type(found).__name__}")
    return found


def read_cifar(
    path: Path, members: tuple[str, ...], labels: bytes, names: tuple[str, bytes]
) -> tuple[Split, tuple[str, ...]]:
    """Images (N, 32, 32, 3) of some members of CIFAR's archive, and the names of its classes.

    labels: the key of the labels. names: the member and the key of the classes' names.
    Raises UsageError for an archive that is cut short or holds something else.
    """
    try:
        with tarfile.open(path) as archive:
            parts = [_member(archive, member) for member in members]
            classes = _member(archive, names[0])[names[1]]
    except (tarfile.TarError, EOFError, OSError, zlib.error, KeyError) as error:
        raise UsageError(f"'{path}' is no whole archive of CIFAR: {error}") from error
    pixels = np.concatenate([part[b"data"] for part in parts])
    images = np.ascontiguousarray(pixels.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
    found = np.concatenate([np.asarray(part[labels], np.int64) for part in parts])
    return Split(images, found), tuple(name.decode() for name in classes)


def _member(archive: tarfile.TarFile, name: str) -> dict[bytes, Any]:
    file = archive.extractfile(name)
    if file is None:
        raise KeyError(name)
    return read_pickle(file, name)


def read_svhn(path: Path) -> Split:
    """SVHN's cropped digits (N, 32, 32, 3); its label 10 is the digit 0."""
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        found = loadmat(path)
        images = np.ascontiguousarray(found["X"].transpose(3, 0, 1, 2))
        labels = found["y"].astype(np.int64).reshape(-1) % 10
    except (MatReadError, OSError, ValueError, KeyError, NotImplementedError) as error:
        raise UsageError(f"'{path}' is no whole file of SVHN: {error}") from error
    return Split(images, labels)
