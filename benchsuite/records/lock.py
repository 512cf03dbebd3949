"""One writer a run: nobody else goes on with it meanwhile."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchsuite.errors import UsageError

LOCK = "lock"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a run's folder. The kernel lets go of it when this process ends, however it ends.

    Raises UsageError where another process holds it. On file systems without locks, and on
    Windows, nothing is held.
    """
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    with (folder / LOCK).open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise UsageError(
                f"run '{folder.name}' is in use by process {file.read().strip() or '?'}: wait for "
                "it, or begin another run"
            ) from error
        except OSError:  # such as a network's file system without locks
            yield
            return
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
