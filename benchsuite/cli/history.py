"""`benchsuite history`: a figure from run to run, and where it went to another level."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchsuite.cli.output import print_table
from benchsuite.cli.parameters import Names, results_argument
from benchsuite.errors import UsageError

if TYPE_CHECKING:
    from benchsuite.report.columns.column import Column
    from benchsuite.report.comparison.rows import Row
    from benchsuite.report.history import CaseHistory


@click.command()
@results_argument
@click.option(
    "--metric",
    default="latency",
    show_default=True,
    help="As in compare: latency, throughput, training, top1, memory, energy, or a column of the "
    "leaderboard.",
)
@click.option("--archs", type=Names("architectures"), help="Names and patterns. [default: all]")
@click.option("--backends", type=Names("backends"), help="Names and patterns. [default: all]")
def history(
    results: tuple[Path, ...],
    *,
    metric: str,
    archs: tuple[str, ...] | None,
    backends: tuple[str, ...] | None,
) -> None:
    """Show a metric over the runs in RESULTS, in order of time, with steps to another level.

    RESULTS is `results` where none are given. An × is a run in which the figure is missing, or
    disturbed in a way that excludes it from verdicts.
    """
    from benchsuite.report.comparison.metrics import metric_named
    from benchsuite.report.comparison.rows import read_side
    from benchsuite.report.history import histories

    rows = [row for path in results for row in read_side(path)]
    column = metric_named(metric, rows)
    asked = {"architecture": archs, "backend": backends}
    chosen = [row for row in rows if _is_asked(row, asked)]
    found = histories(chosen, column)
    if not found:
        raise UsageError(
            f"no run has {column.name} of what was asked for; benchsuite leaderboard shows what "
            "there is"
        )
    _print(found, column)


def _is_asked(row: Row, asked: dict[str, tuple[str, ...] | None]) -> bool:
    return all(
        patterns is None or any(fnmatchcase(str(row.cell(name)), p) for p in patterns)
        for name, patterns in asked.items()
    )


def _print(found: Sequence[CaseHistory], column: Column) -> None:
    from benchsuite.report.columns.column import Figure
    from benchsuite.report.comparison.change import show_change
    from benchsuite.report.comparison.table import varying

    figure = column.figure or Figure(column.name)
    cases = varying([one.rows[-1] for one in found], ("device_name", "protocol"))

    def lines() -> Iterator[list[str]]:
        for one in found:
            steps = (
                f"{show_change(step.change, column)} {step.answer} from {step.run}"
                for step in one.steps
            )
            case = [str(one.rows[-1].cell(name)) for name in cases]
            latest = figure.show(one.known[-1])
            yield [*case, str(len(one.rows)), one.sparkline, latest, "; ".join(steps)]

    unit = figure.header.replace("\n", " ")
    headers = [*cases, "runs", unit, "latest", "steps"]
    print_table(headers, lines(), numbers=("runs", "latest"), folded=("steps",))
