"""Text and plain tables on the standard output and the standard error."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Sequence
from typing import IO, TYPE_CHECKING, Any

import click

from benchsuite.names import readable

if TYPE_CHECKING:
    from rich.console import Console

#: Where no terminal wraps lines, such as in a pipe to `grep` or `less -S`.
UNLIMITED = 100_000


def say(
    text: object = "", *, file: IO[Any] | None = None, err: bool = False, nl: bool = True
) -> None:
    """Print it, with control characters spelt out: names and reasons may be a stranger's."""
    click.echo(readable(str(text)), file=file, err=err, nl=nl)


def time_left(start_s: float, done: int, total: int) -> str:
    """Such as `1:05`, by what was done since `start_s` of the monotonic clock; else `?`."""
    if not done:
        return "?"
    minutes, seconds = divmod(int((time.monotonic() - start_s) / done * (total - done)), 60)
    return f"{minutes}:{seconds:02}"


def console() -> Console:
    """The standard output: as wide as the terminal or `COLUMNS`, else without a limit."""
    from benchsuite.terminal import console as inert

    limited = sys.stdout.isatty() or "COLUMNS" in os.environ
    return inert(width=None if limited else UNLIMITED, highlight=False)


def print_table(
    headers: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    numbers: Sequence[str] = (),
    folded: Sequence[str] = (),
    cut: Sequence[str] = (),
) -> None:
    """Print rows under their headers: one line a row where the output is no terminal.

    Columns of `numbers` are set to the right. Where the table is too wide, those of
    `folded` are broken over lines and those of `cut` end in an ellipsis; others stay whole.
    """
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for header in headers:
        table.add_column(
            header,
            justify="right" if header in numbers else "left",
            no_wrap=header not in (*folded, *cut),
            overflow="fold",
        )
    for row in rows:
        cells = zip(headers, row, strict=True)
        table.add_row(
            *(
                Text(x, no_wrap=header in cut, overflow="ellipsis" if header in cut else None)
                for header, x in cells
            )
        )
    console().print(table)
