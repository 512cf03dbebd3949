"""Logs of worker processes: nobody knows what frameworks print, nor how much."""

import os
from pathlib import Path

#: A case whose task prints more fails.
LONGEST_BYTES = 64 * 2**20
#: Of a log that was longer, what is kept of its beginning, and as much of its end.
_KEPT_BYTES = 2**20
_LAST_LINES, _LAST_BYTES = 20, 16 * 1024


def last_lines(log: Path) -> list[str]:
    """The last twenty lines of a log, and no more than its last 16 KiB; empty without one."""
    if not log.exists():
        return []
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _LAST_BYTES))
        return file.read().decode(errors="replace").splitlines()[-_LAST_LINES:]


def cut_log(log: Path) -> None:
    """Leave the first and the last MiB of a log that is longer; nobody may write to it."""
    if not log.exists():
        return
    with log.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        left_out = size - 2 * _KEPT_BYTES
        if left_out <= 0:
            return
        file.seek(-_KEPT_BYTES, os.SEEK_END)
        last = file.read()
        file.seek(_KEPT_BYTES)
        file.write(f"\n… benchsuite left out {left_out:,} bytes …\n".encode())
        file.write(last)
        file.truncate()
