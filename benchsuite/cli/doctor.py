"""`benchsuite doctor`: how certain figures of this machine can be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from benchsuite.cli.parameters import plugins_of
from benchsuite.cli.run_options import run_options, spec_of

if TYPE_CHECKING:
    from benchsuite.run.diagnosis import Diagnosis

#: What is examined unless something else is asked for.
_ARCHITECTURE, _PROTOCOL = "cnn_basic", "full"


@click.command()
@run_options
@click.pass_context
def doctor(ctx: click.Context, /, **options: Any) -> None:  # noqa: ANN401 - see `run_options`
    """Examine this machine, and measure one case against itself.

    What the case seems to differ from itself by is the smallest difference that this machine
    can see: later runs into the same results folder give no verdict on less. Takes some minutes;
    of the options, the first case that they make is measured, by default `cnn_basic` on the
    first backend.
    """
    from benchsuite.cli.progress import progress
    from benchsuite.measure.environment import describe_environment
    from benchsuite.run.doctor import examine

    options["archs"] = options["archs"] or (_ARCHITECTURE,)
    options["protocol"] = options["protocol"] or _PROTOCOL
    host = str(describe_environment()["host"])
    with progress() as observer:
        _report(examine(spec_of(options), plugins_of(ctx), observer, host))


def _report(diagnosis: Diagnosis) -> None:
    click.echo(f"{diagnosis.case} against itself")
    for sight in diagnosis.sights:
        click.echo(
            f"  {sight.metric.replace('_', ' ')}: ratio {sight.ratio:.3f} "
            f"({sight.low:.3f}–{sight.high:.3f}) of {sight.rounds} rounds, {sight.verdict}; "
            f"differences below {sight.detectable_fraction:.1%} do not show"
        )
    if not diagnosis.sights:
        click.echo("  fewer than six rounds: --protocol full shows what differences can be seen")
    click.echo(f"this machine: {diagnosis.score} of 100 points")
    for complaint in diagnosis.complaints:
        click.echo(f"  -{complaint.points}: {complaint.what}; {complaint.advice}")
