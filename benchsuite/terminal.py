"""Consoles that pass nothing on to a terminal but text and rich's own styles."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from benchsuite.names import readable

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

T = TypeVar("T")


def console(**options: Any) -> Console:  # noqa: ANN401 - rich's own
    """A `rich.console.Console` with these options.

    Control characters are spelt out, and no text is read as markup: it may be a stranger's.
    """
    from rich.console import Console

    class Inert(Console):
        def render(
            self, renderable: RenderableType, options: ConsoleOptions | None = None
        ) -> Iterator[Segment]:
            for segment in super().render(renderable, options):
                own = segment.control is not None
                yield segment if own else segment._replace(text=readable(segment.text))

    return Inert(**{"markup": False, "emoji": False, **options})


def shown(what: str, items: Iterable[T], count: int) -> Iterable[T]:
    """The same items, with a bar on the standard error where that is a terminal."""
    if not sys.stderr.isatty():
        return items
    from rich.progress import track

    return track(items, what, count, console=console(stderr=True), transient=True)
