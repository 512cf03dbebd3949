"""How far something is that a user waits for."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TypeVar

from benchsuite.terminal import console

T = TypeVar("T")


def shown(what: str, items: Iterable[T], count: int) -> Iterable[T]:
    """The same items, with a bar on the standard error where that is a terminal."""
    if not sys.stderr.isatty():
        return items
    from rich.progress import track

    return track(items, what, count, console=console(stderr=True), transient=True)
