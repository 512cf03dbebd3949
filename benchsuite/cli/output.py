"""Text on the standard output and the standard error."""

from __future__ import annotations

from typing import IO, Any

import click

from benchsuite.names import readable


def say(
    text: object = "", *, file: IO[Any] | None = None, err: bool = False, nl: bool = True
) -> None:
    """Print it, with control characters spelt out: names and reasons may be a stranger's."""
    click.echo(readable(str(text)), file=file, err=err, nl=nl)
