"""Plain tables on the standard output: one line a row where it is no terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

#: Where no terminal wraps lines, such as in a pipe to `grep` or `less -S`.
UNLIMITED = 100_000


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
    """Print rows under their headers.

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
