"""`benchsuite doctor`: how certain figures of this machine can be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from benchsuite.cli.output import print_table, say
from benchsuite.cli.parameters import plugins_of
from benchsuite.cli.run_options import run_options, spec_of

if TYPE_CHECKING:
    from benchsuite.measure.machine.diagnosis import Diagnosis
    from benchsuite.records import Case

#: What is examined unless something else is asked for.
_ARCHITECTURE, _PROTOCOL = "cnn_basic", "full"
_GIGA = 1e9


@click.command()
@click.option(
    "--ceilings",
    is_flag=True,
    help="Measure instead what each backend reaches at the most, in matrix products and copies.",
)
@run_options
@click.pass_context
def doctor(ctx: click.Context, /, *, ceilings: bool, **options: Any) -> None:  # noqa: ANN401 - see `run_options`
    """Examine this machine, and measure one case against itself.

    The apparent difference of the case from itself is the smallest difference that this machine
    can see. Later runs into the same results folder give no verdict below it. This takes a
    quarter of an hour, or the time of --budget. The first case that the options describe is
    measured; by default, `cnn_basic` on the first backend.

    With --ceilings, only this is done: each backend multiplies matrices and copies arrays, for
    each precision and thread count. Later runs into the same results folder show which share of
    these ceilings their networks achieve.
    """
    from benchsuite.cli.progress import progress
    from benchsuite.orchestration.doctor import examine, examine_ceilings

    options["archs"] = options["archs"] or (_ARCHITECTURE,)
    options["protocol"] = options["protocol"] or _PROTOCOL
    if ceilings:
        found = examine_ceilings(spec_of(options), plugins_of(ctx), _announce)
        _report_ceilings(*found)
        return
    with progress() as observer:
        _report(examine(spec_of(options), plugins_of(ctx), observer))


def _report(diagnosis: Diagnosis) -> None:
    say(f"{diagnosis.case} against itself")
    for sight in diagnosis.sights:
        say(
            f"  {sight.metric.replace('_', ' ')}: ratio {sight.ratio:.3f} "
            f"({sight.low:.3f}–{sight.high:.3f}) of {sight.rounds} rounds, {sight.verdict}; "
            f"differences below {sight.detectable_fraction:.1%} do not show"
        )
    if not diagnosis.sights:
        say("  fewer than six rounds: --protocol full shows what differences can be seen")
    say(f"this machine: {diagnosis.score} of 100 points")
    for complaint in diagnosis.complaints:
        say(f"  -{complaint.points}: {complaint.what}; {complaint.advice}")


def _announce(case: Case) -> None:
    say(f"{case.backend} in {case.precision}, threads: {case.threads}", err=True)


def _report_ceilings(diagnosis: Diagnosis, failures: Sequence[str]) -> None:
    """As a table, and what has none."""
    from benchsuite.contract import ELEMENT_BYTES

    headers = ("backend", "device", "precision", "threads", "GFLOP/s", "size", "GB/s", "MiB copied")
    rows = [
        (
            ceiling.backend,
            ceiling.device,
            ceiling.precision,
            str(ceiling.threads),
            f"{ceiling.flops_per_s / _GIGA:.1f}",
            str(ceiling.size),
            f"{ceiling.bytes_per_s / _GIGA:.1f}",
            f"{ceiling.elements * ELEMENT_BYTES[ceiling.precision] // 2**20}",
        )
        for ceiling in diagnosis.ceilings
    ]
    if rows:
        print_table(headers, rows, numbers=headers[3:])
    for failure in failures:
        say(failure)
