"""Published data sets in their own formats: IDX, CIFAR's pickles, SVHN's matrices."""

import gzip
import struct
import tarfile
import zlib
from collections.abc import Collection
from itertools import islice
from math import prod
from operator import index
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from numpy.typing import NDArray

from benchsuite.contract import Split
from benchsuite.data.sources.pickles import read_pickle
from benchsuite.errors import UsageError, refused
from benchsuite.files import Bounded, opened, read_at_most

#: No file of these sets becomes more, unpacked: the largest is SVHN's, of 225 million bytes.
_MOST_BYTES = 1 << 30
#: IDX: two zeros, the code of the type, the number of axes (LeCun, yann.lecun.com/exdb/mnist).
_UINT8_CODE, _MOST_AXES = 8, 4
_GZIP = b"\x1f\x8b"
#: CIFAR's archives have nine at the most.
_MOST_MEMBERS = 1000
#: Of `scipy.io.matlab.matfile_version`.
_MATLAB_5 = 1
#: Classes, and letters of their names.
_MOST_NAMES = 100


def read_idx(path: Path) -> NDArray[np.uint8]:
    """An IDX file of unsigned bytes, gzip or plain. Raises UsageError where it is none."""
    damaged = (OSError, EOFError, ValueError, zlib.error, struct.error)
    with refused(f"'{path}' is not a complete IDX file", *damaged), opened(path) as file:
        packed = file.read(len(_GZIP)) == _GZIP
        file.seek(0)
        return _idx(cast("IO[bytes]", gzip.GzipFile(fileobj=file)) if packed else file, path)


def _idx(source: IO[bytes], path: Path) -> NDArray[np.uint8]:
    zeros, code, axes = struct.unpack(">HBB", source.read(4))
    if (zeros, code) != (0, _UINT8_CODE) or not 1 <= axes <= _MOST_AXES:
        raise UsageError(
            f"'{path}' is not an IDX file of bytes: it is of type {code:#04x}, {axes} axes"
        )
    shape = struct.unpack(f">{axes}I", source.read(4 * axes))
    size = prod(shape)
    if size > _MOST_BYTES:
        raise UsageError(f"'{path}' says that its shape is {shape}: no published set is as large")
    content = read_at_most(source, size)
    if len(content) != size:
        count = f"{len(content):,}" if len(content) < size else f"more than {size:,}"
        raise UsageError(
            f"'{path}' is not a complete IDX file of bytes: it has {count} values of "
            f"type {code:#04x}, and says that its shape is {shape}"
        )
    return np.frombuffer(content, np.uint8).reshape(shape)


def read_cifar(
    path: Path, members: tuple[str, ...], labels: bytes, names: tuple[str, bytes]
) -> tuple[Split, tuple[str, ...]]:
    """Images (N, 32, 32, 3) of some members of CIFAR's archive, and the names of its classes.

    labels: the key of the labels. names: the member and the key of the classes' names.
    Raises UsageError for an archive that is cut short or holds something else.
    """
    # whatever is in the place of an archive, or of its arrays
    with refused(f"'{path}' is not a complete archive of CIFAR", Exception):
        found = _members(path, {*members, names[0]})
        parts = [read_pickle(found[member], member) for member in members]
        classes = _class_names(read_pickle(found[names[0]], names[0])[names[1]])
        pixels = np.concatenate([_pixels(part) for part in parts])
        images = np.ascontiguousarray(pixels.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
        # `index` takes no lists: those within one another become more numbers than memory holds
        numbers = np.array([index(label) for part in parts for label in part[labels]], np.int64)
        if numbers.shape != (len(images),):
            raise ValueError(f"{len(images)} images have {len(numbers)} labels")
        return Split(images, numbers), classes


def _pixels(part: dict[bytes, Any]) -> NDArray[np.uint8]:
    pixels = part[b"data"]
    if not isinstance(pixels, np.ndarray):
        raise ValueError("its pixels are no array")  # noqa: TRY004 - of the file, not of a call
    return pixels


def _class_names(names: list[bytes]) -> tuple[str, ...]:
    if len(names) > _MOST_NAMES or any(len(name) > _MOST_NAMES for name in names):
        raise ValueError("its classes have other names")
    return tuple(name.decode() for name in names)


def _members(path: Path, wanted: Collection[str]) -> dict[str, bytes]:
    """The content of those members that are in the archive; none is written to the disk.

    One after another, as they come: tarfile would follow links from one to another. A sparse
    file may say that it is of any size.
    """
    found = {}
    with opened(path) as file:
        stream = Bounded(cast("IO[bytes]", gzip.GzipFile(fileobj=file)), _MOST_BYTES)
        with tarfile.open(fileobj=cast("IO[bytes]", stream), mode="r|") as archive:
            for member in islice(archive, _MOST_MEMBERS):
                if member.name not in wanted:
                    continue
                plain = member.isreg() and not member.issparse()
                content = archive.extractfile(member) if plain else None
                if content is None:
                    raise UsageError(f"'{member.name}' in '{path}' is not an ordinary file")
                found[member.name] = content.read()
    return found


def read_svhn(path: Path) -> Split:
    """SVHN's digits (N, 32, 32, 3); label 10 is digit 0. Raises UsageError for any other file."""
    # Damaged ones fail in many ways.
    with refused(f"'{path}' is not a complete file of SVHN", Exception):
        images, labels = _matrices(path)
    return Split(np.ascontiguousarray(images.transpose(3, 0, 1, 2)), labels % 10)


def _matrices(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """(32, 32, 3, N) and (N,)."""
    from scipy.io import loadmat, whosmat
    from scipy.io.matlab import matfile_version

    with opened(path) as file:
        major, _ = matfile_version(file)
        if major != _MATLAB_5:  # in one of format 4, a name may say that it has 2 GiB
            raise ValueError(f"it is of another MATLAB format: {major}")
        file.seek(0)
        _check_matrices(whosmat(file))
        file.seek(0)
        found = loadmat(file, variable_names=["X", "y"])
    images, labels = found["X"], found["y"].astype(np.int64).reshape(-1)
    if images.dtype != np.uint8 or images.shape[3] != len(labels):
        raise ValueError(f"{images.shape[3]} images of {images.dtype} have {len(labels)} labels")
    return images, labels


def _check_matrices(held: list[tuple[str, tuple[int, ...], str]]) -> None:
    """Raise ValueError unless there are bytes under these names, once, and not too many.

    scipy reads whatever else may be there too: cells within cells until its stack is exhausted.
    """
    kinds = {name: (shape, kind) for name, shape, kind in held}
    if len(kinds) != len(held):
        raise ValueError("a name is there twice")
    for name, axes in (("X", 4), ("y", 2)):
        shape, kind = kinds[name]
        if kind != "uint8" or len(shape) != axes or prod(shape) > _MOST_BYTES:
            raise ValueError(f"{name} is {kind} of shape {shape}")
