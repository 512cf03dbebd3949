"""The command line: one thin file per command; only here does anything print and exit.

Command modules import click and the standard library at the top and the rest when they
run, so that `benchsuite --help` answers at once.
"""

from __future__ import annotations  # the submodule `list` hides Python's own here

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import click

from benchsuite import __version__
from benchsuite.cli.compare import compare
from benchsuite.cli.completion import completion
from benchsuite.cli.doctor import doctor
from benchsuite.cli.export import export
from benchsuite.cli.export_weights import export_weights
from benchsuite.cli.history import history
from benchsuite.cli.import_weights import import_weights
from benchsuite.cli.leaderboard import leaderboard
from benchsuite.cli.list import list_offers
from benchsuite.cli.merge import merge
from benchsuite.cli.output import say
from benchsuite.cli.plan import plan
from benchsuite.cli.report import report
from benchsuite.cli.run import run
from benchsuite.cli.show import show
from benchsuite.cli.show_batch import show_batch
from benchsuite.cli.verify import verify
from benchsuite.errors import BenchsuiteError

PROGRAM = "benchsuite"


class Failure(click.ClickException):
    """What the user sees of an error: one line, and exit code 2."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the line to stderr."""
        say(f"error: {' '.join(self.message.split())}", file=file, err=True)


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Turn errors raised on purpose, and click's own about usage, into a Failure."""
    try:
        yield
    except BenchsuiteError as error:
        raise Failure(str(error)) from error
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else PROGRAM
        message = error.format_message().rstrip(".")
        raise Failure(f"{message}; see '{command} --help'") from error


class _Commands(click.Group):
    """All commands, with errors as one line each."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,  # noqa: ANN401 - click's own signature
    ) -> click.Context:
        # Options are parsed here, before `invoke`: their errors become one line too.
        with one_line_errors():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own signature
        with one_line_errors():
            return super().invoke(ctx)


@click.group(
    cls=_Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name=PROGRAM)
@click.option(
    "-p",
    "--plugin",
    multiple=True,
    metavar="MODULE_OR_FILE.py",
    help="Load a plugin that is not installed. May be given more than once.",
)
@click.pass_context
def cli(ctx: click.Context, plugin: tuple[str, ...]) -> None:  # noqa: ARG001 - read by `plugins_of`
    """Honest comparison of the same neural-network architectures across frameworks."""
    if ctx.invoked_subcommand is None:
        say(ctx.get_help())


for _command in (
    *(compare, completion, doctor, export, export_weights, history, import_weights, leaderboard),
    *(list_offers, merge, plan, report, run, show, show_batch, verify),
):
    cli.add_command(_command)


def main() -> None:
    """Run the command line, and exit."""
    cli(prog_name=PROGRAM)
