"""Files are written as a whole or not at all, and outlast a power cut once they are there."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

import msgspec

from benchsuite.errors import StorageError, UsageError


def write_atomically(path: Path, content: bytes) -> None:
    """Replace `path` as a whole: a reader sees the old content or the new, never a part."""
    file = NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False)  # noqa: SIM115 - closed below, before it is renamed
    temporary = Path(file.name)
    try:
        with file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # Temporary files are for their owner alone; results may be read by others.
        temporary.chmod(0o644)
        temporary.replace(path)
    # Ctrl-C, too, leaves no half of a file.
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _settle(path.parent)


def _settle(folder: Path) -> None:
    """Have a folder's new names outlast a power cut, where its file system can promise that."""
    with suppress(OSError):
        entry = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(entry)
        finally:
            os.close(entry)


def pretty_json(value: object) -> bytes:
    """A line a value, and a newline at the end."""
    return msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"


@contextmanager
def made(results: Path) -> Iterator[None]:
    """Raises UsageError where what is done to a results folder ends in OSError."""
    try:
        yield
    except OSError as error:
        raise UsageError(
            f"results folder '{results}' cannot be written ({error.strerror}): "
            "choose another with --results"
        ) from error


def write_output(path: Path, content: bytes) -> None:
    """Replace a file that the user named. Raises UsageError where it cannot be written."""
    try:
        write_atomically(path, content)
    except OSError as error:
        raise UsageError(
            f"'{path}' cannot be written ({error.strerror}): name another file"
        ) from error


@contextmanager
def written(path: Path) -> Iterator[None]:
    """Raises StorageError where what is done to a file of a run ends in OSError."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"'{path}' cannot be written ({error.strerror or error}): everything before it is "
            "kept; mend that, then continue with 'benchsuite run --resume'"
        ) from error
