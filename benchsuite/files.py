"""Files that a stranger may have made: ordinary ones alone, and no more of them than expected."""

import errno
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO
from zipfile import ZipFile, is_zipfile

from benchsuite.errors import UsageError

#: Environment variable: GiB that a user's compressed file may become.
UNPACKED_VARIABLE = "BENCHSUITE_UNPACKED_GIB"
_UNPACKED_GIB = "8"
#: JSON and CSV: what benchsuite writes is nowhere near as large.
_MOST_TEXT = 1 << 30
_PIECE = 1 << 20


@contextmanager
def opened(path: Path | bytes) -> Iterator[BinaryIO]:
    """A file, to be read.

    Raises OSError for whatever else is there: a pipe would let us wait, a device never end.
    """
    with open(path, "rb", opener=_without_waiting) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is not an ordinary file")
        yield file


def _without_waiting(path: str, flags: int) -> int:
    """Opened otherwise, a pipe waits for somebody to write into it. Windows has no such flag."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def read_whole(path: Path, most: int = _MOST_TEXT) -> bytes:
    """All that a file holds. Raises OSError as `opened`, and where it is more than `most` bytes."""
    with opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > most:
            raise OSError(errno.EFBIG, f"it has {size:,} bytes, and {most:,} are the most")
        return file.read(size)


def read_at_most(source: IO[bytes], most: int) -> bytes:
    """What is left of a stream, and of more than `most` bytes one too many.

    In pieces: memory is taken for what comes, and not for what somebody said would come.
    """
    pieces, left = [], most + 1
    while left and (piece := source.read(min(_PIECE, left))):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


class Bounded:
    """A stream that ends in UsageError behind `most` bytes: for what unpacks without an end."""

    def __init__(self, source: IO[bytes], most: int) -> None:
        self._source = source
        self._most = self._left = most

    def read(self, size: int = -1) -> bytes:
        """So many bytes, or those that there are."""
        piece = self._source.read(size)
        self._left -= len(piece)
        if self._left < 0:
            raise UsageError(f"it unpacks to more than {self._most:,} bytes")
        return piece


def most_unpacked() -> int:
    """Bytes that a user's compressed file may become. Raises UsageError for a wrong variable."""
    said = os.environ.get(UNPACKED_VARIABLE) or _UNPACKED_GIB
    if not re.fullmatch(r"[0-9]{1,6}", said):
        raise UsageError(f"{UNPACKED_VARIABLE} is to be a whole number of GiB, got '{said}'")
    return int(said) << 30


def check_unpacked(size: int, path: Path) -> None:
    """Raise UsageError where a file says that it becomes more bytes than `most_unpacked`."""
    most = most_unpacked()
    if size > most:
        raise UsageError(
            f"'{path}' unpacks to {size:,} bytes, and more than {most >> 30} GiB are refused: "
            f"where it is to be trusted, set {UNPACKED_VARIABLE} to more"
        )


def check_zip(path: Path) -> None:
    """The same by what a zip archive says of its members; nothing where the file is none."""
    if is_zipfile(path):
        with ZipFile(path) as archive:
            check_unpacked(sum(member.file_size for member in archive.infolist()), path)


def require_within(path: Path, folder: Path) -> None:
    """Raise UsageError for a link that leads out of a folder, to what may be private here."""
    if not path.resolve().is_relative_to(folder.resolve()):
        raise UsageError(f"'{path}' leads out of '{folder}': put there what it leads to")
