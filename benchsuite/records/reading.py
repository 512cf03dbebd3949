"""JSON that a stranger may have written, as what it should be."""

from pathlib import Path
from typing import TypeVar

import msgspec

from benchsuite.errors import UsageError, refused
from benchsuite.files import read_whole

T = TypeVar("T")

#: What msgspec raises for JSON that is another's, or nested by the thousand.
NOT_OURS = (msgspec.MsgspecError, RecursionError, ValueError)


def read_json(path: Path, kind: type[T], what: str) -> T:
    """What is in a file of ours. Raises UsageError where it cannot be read, or is no `what`."""
    content = content_of(path)
    with refused(f"'{path}' is not a benchsuite {what}", *NOT_OURS):
        return msgspec.json.decode(content, type=kind)


def content_of(path: Path) -> bytes:
    """All of it. Raises UsageError where it is not an ordinary file, or cannot be read."""
    try:
        return read_whole(path)
    except OSError as error:
        raise UsageError(f"'{path}' cannot be read: {error.strerror}") from error
