# ruff: noqa: INP001 - a script, not a package
"""Prints docs/reference/cli.md: what every command's `--help` says.

python docs/reference/make_cli.py > docs/reference/cli.md
"""

import sys
from collections.abc import Iterator

import click

from benchsuite.cli import PROGRAM, cli

_WIDTH = 88
_HEADER = """\
# The command line

Made from `--help` by `python docs/reference/make_cli.py > docs/reference/cli.md`; do not edit.
"""


def _pages(command: click.Command, parent: click.Context | None, name: str) -> Iterator[str]:
    """The section of a command, and those of its own commands."""
    context = click.Context(
        command,
        parent=parent,
        info_name=name,
        terminal_width=_WIDTH,
        **command.context_settings,
    )
    yield f"## {context.command_path}\n\n```text\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            if found is not None and not found.hidden:
                yield from _pages(found, context, child)


if __name__ == "__main__":
    sys.stdout.write("\n".join([_HEADER, *_pages(cli, None, PROGRAM)]))
