"""`benchsuite run`: train and measure, and keep the records."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from benchsuite.cli.parameters import plugins_of
from benchsuite.cli.run_options import run_options, spec_of

if TYPE_CHECKING:
    from benchsuite.run import Run

_FAILED = 1
#: 128 + SIGINT, as shells report it.
_INTERRUPTED = 130


@click.command()
@run_options
@click.pass_context
def run(ctx: click.Context, /, **options: Any) -> None:  # noqa: ANN401 - see `run_options`
    """Train and measure every case, and write records and a leaderboard.

    Exit code 0 where every case ended well, 1 where one failed, 2 for a request that cannot
    be carried out, 130 where the run was interrupted.
    """
    from benchsuite.cli.progress import progress
    from benchsuite.run import conduct

    spec = spec_of(options)
    with progress() as observer:
        finished = conduct(spec, plugins_of(ctx), observer)
    _report(finished)
    sys.exit(_exit_code(finished))


def _report(finished: Run) -> None:
    from benchsuite.records.certificate import certificates_beside
    from benchsuite.report import leaderboard_table, write_csv
    from benchsuite.report.equality import with_equality
    from benchsuite.run import given_up
    from benchsuite.terminal import console

    path = finished.folder / "leaderboard.csv"
    records = with_equality(finished.records, certificates_beside([finished.folder]))
    write_csv(records, path)
    output = console()
    output.print(leaderboard_table(records))
    share = finished.measured_s / finished.wall_s
    minutes, seconds = divmod(round(finished.wall_s), 60)
    output.print(
        f"{_cases(len(finished.records))} in {minutes} min {seconds} s, "
        f"{share:.0%} of it training and measuring",
        highlight=False,
    )
    for line in given_up(finished.records):
        output.print(line, highlight=False)
    output.print(f"records and leaderboard: {path.parent}", highlight=False, soft_wrap=True)


def _cases(count: int) -> str:
    return "1 case" if count == 1 else f"{count} cases"


def _exit_code(finished: Run) -> int:
    if any(record.reason.startswith("interrupted") for record in finished.records):
        return _INTERRUPTED
    statuses = {record.status for record in finished.records}
    return _FAILED if statuses & {"failed", "timeout", "oom"} else 0
