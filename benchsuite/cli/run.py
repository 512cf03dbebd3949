"""`benchsuite run`: train and measure, and keep the records."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchsuite.cli.output import say
from benchsuite.cli.parameters import Names, plugins_of
from benchsuite.cli.run_options import run_options, spec_of

if TYPE_CHECKING:
    from benchsuite.hooks import Plugins
    from benchsuite.orchestration import Observer, Run
    from benchsuite.records import Status

    _CarryOut = Callable[[Plugins, Observer], Run]

_FAILED = 1
#: 128 + SIGINT, as shells report it.
_INTERRUPTED = 130
#: Statuses of cases that have come to an end, and not well.
_RETRIED = ("failed", "timeout", "oom", "unsupported")


@click.command()
@run_options
@click.option(
    "--resume",
    "resumed",
    metavar="RUN",
    help="Continue an interrupted run: its folder, or its name in the results folder. Its own "
    "options hold, except for new --budget, --timeout and --retry.",
)
@click.option(
    "--retry",
    "retried",
    type=Names(),
    help="With --resume: repeat cases that ended as failed, timeout, oom or unsupported.",
)
@click.pass_context
def run(ctx: click.Context, /, **options: Any) -> None:  # noqa: ANN401 - see `run_options`
    """Train and measure every case, and write records and a leaderboard.

    Ctrl-C ends a run in order, and --resume continues it. A second Ctrl-C stops it at once.

    Exit codes: 0 if every case ended well, 1 if one failed, 2 for an impossible request, 130 if
    the run was interrupted.
    """
    from benchsuite.cli.progress import progress
    from benchsuite.orchestration import orchestrate

    resumed, retried = options.pop("resumed"), options.pop("retried") or ()
    if retried and not resumed:
        raise click.UsageError("--retry goes with --resume RUN")
    if resumed:
        carry_out = _resumed(resumed, retried, options)
    else:
        carry_out = partial(orchestrate, spec_of(options))
    try:
        with progress() as observer:
            finished = carry_out(plugins_of(ctx), observer)
    except KeyboardInterrupt:
        say("stopped; 'benchsuite run --resume RUN' continues the run", err=True)
        sys.exit(_INTERRUPTED)
    _report(finished)
    sys.exit(_exit_code(finished))


def _resumed(name: str, retried: Sequence[Status], options: dict[str, Any]) -> _CarryOut:
    """Of the options of a run, those that may be other ones in another invocation."""
    from benchsuite.orchestration import resume

    given = {key: value for key, value in options.items() if value not in (None, ())}
    results = Path(given.pop("results", "results"))
    changes = {key: given.pop(key) for key in ("budget", "timeout_s") if key in given}
    if given:
        named = ", ".join(f"--{key.replace('_', '-')}" for key in given)
        raise click.UsageError(f"with --resume, the run's own options hold; leave out {named}")
    for status in retried:
        if status not in _RETRIED:
            raise click.UsageError(f"--retry takes {', '.join(_RETRIED)}, got '{status}'")
    folder = next((f for f in (Path(name), results / "runs" / name) if f.is_dir()), None)
    if folder is None:
        raise click.UsageError(f"no run '{name}', neither as a folder nor in '{results / 'runs'}'")
    return partial(resume, folder, retried=retried, **changes)


def _report(finished: Run) -> None:
    from benchsuite.orchestration import given_up
    from benchsuite.records.certificate import certificates_beside
    from benchsuite.report import leaderboard_table, write_csv
    from benchsuite.report.fairness.equality import with_equality
    from benchsuite.terminal import console

    path = finished.folder / "leaderboard.csv"
    records = with_equality(finished.records, certificates_beside([finished.folder]))
    write_csv(records, path)
    output = console()
    output.print(leaderboard_table(records))
    output.print(_duration(finished), highlight=False)
    for line in given_up(finished.records):
        output.print(line, highlight=False)
    output.print(f"records and leaderboard: {path.parent}", highlight=False, soft_wrap=True)


def _duration(finished: Run) -> str:
    """How long it took. Of invocations that somebody killed, nobody knows."""
    count = len(finished.records)
    cases = "1 case" if count == 1 else f"{count} cases"
    minutes, seconds = divmod(round(finished.wall_s), 60)
    took = f"{minutes} min {seconds} s"
    if finished.invocations > 1:
        return f"{cases} in {finished.invocations} invocations, the last of {took}"
    share = finished.measured_s / finished.wall_s
    return f"{cases} in {took}, {share:.0%} of it training and measuring"


def _exit_code(finished: Run) -> int:
    if any(record.cause == "interrupted" for record in finished.records):
        return _INTERRUPTED
    statuses = {record.status for record in finished.records}
    return _FAILED if statuses & {"failed", "timeout", "oom"} else 0
