"""`benchsuite compare`: what became better or worse from one run to another."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchsuite.cli.output import say
from benchsuite.cli.parameters import PATH, Axis, Names
from benchsuite.errors import UsageError

if TYPE_CHECKING:
    from benchsuite.report.columns.column import Column
    from benchsuite.report.comparison.change import Finding
    from benchsuite.report.comparison.pairing import Pairing

_FORMATS = ("table", "markdown", "csv", "json")


@click.command()
@click.argument("a", type=PATH)
@click.argument("b", type=PATH, required=False)
@click.option(
    "--by",
    type=Axis(),
    help="Compare within A instead, case by case: backend, tier, precision, threads, …",
)
@click.option("--baseline", help="Which of those is A. [default: the first]")
@click.option(
    "--metrics",
    type=Names(),
    help="latency, throughput, training, top1, memory, energy, or columns of the leaderboard. "
    "[default: the conditions' metrics, or the first four]",
)
@click.option(
    "--fail-on",
    "conditions",
    multiple=True,
    metavar="CONDITION",
    help="Such as 'throughput<-5%', 'latency>+5%' or 'top1<-0.01': exit with 1 where a change is "
    "beyond that and no chance, or a case ran in A and not in B. May be given more than once.",
)
@click.option("--format", "layout", type=click.Choice(_FORMATS), default="table", show_default=True)
@click.pass_context
def compare(
    ctx: click.Context,
    *,
    a: Path,
    b: Path | None,
    by: str | None,
    baseline: str | None,
    metrics: tuple[str, ...] | None,
    conditions: tuple[str, ...],
    layout: str,
) -> None:
    """Compare B with A, case by case: run folders, names of runs, or leaderboards' CSV files.

    With --by, compare what one run holds, such as its backends.
    docs/reference/compare.md says what is
    compared how.
    """
    from benchsuite.report.comparison.conditions import parse_condition, regressions, undecided
    from benchsuite.report.comparison.judge import judge
    from benchsuite.report.comparison.metrics import DEFAULT, metrics_named

    pairing = _pairing(a, b, by, baseline)
    rows = [row for pair in pairing.pairs for row in (pair.first, pair.second)]
    gate = [parse_condition(text, rows) for text in conditions]
    asked = metrics_named(metrics or ([] if gate else DEFAULT), rows)
    columns = list(dict.fromkeys([*asked, *(condition.column for condition in gate)]))
    findings = judge(pairing.pairs, columns)
    if not findings:
        names = ", ".join(column.name for column in columns)
        raise UsageError(f"nothing to compare: no pair of cases has {names}")
    regressed = regressions(findings, gate) if gate else []
    # A regression is an answer, whatever other conditions could not decide.
    for reason in () if regressed else undecided(findings, gate):
        raise UsageError(reason)
    _print(findings, pairing, layout, columns)
    if gate:
        _print_outcome(regressed, conditions, layout, columns)
    ctx.exit(1 if regressed else 0)


def _pairing(a: Path, b: Path | None, by: str | None, baseline: str | None) -> Pairing:
    from benchsuite.report.comparison.pairing import pair_sides, pair_within
    from benchsuite.report.comparison.rows import read_side

    if by is not None and b is None:
        pairing = pair_within(read_side(a), by, baseline)
        without = f"no two rows of '{a}' differ in {by} alone"
    elif by is None and b is not None and baseline is None:
        pairing = pair_sides(read_side(a), read_side(b))
        without = f"no case of '{a}' is in '{b}' too; benchsuite leaderboard shows what is"
    else:
        raise UsageError(
            "name two runs, as in 'compare A B', or one and what to compare in it, as in "
            "'compare A --by backend --baseline torch'"
        )
    if not pairing.pairs:
        raise UsageError(f"nothing to compare: {without}")
    return pairing


def _print(
    findings: Sequence[Finding], pairing: Pairing, layout: str, columns: Sequence[Column]
) -> None:
    from benchsuite.report.comparison import table

    lines = table.entries(findings, pairing)
    if layout in ("csv", "json"):
        say({"csv": table.as_csv, "json": table.as_json}[layout](lines), nl=False)
        say(table.summary(lines), err=True)
        return
    say({"table": table.as_text, "markdown": table.as_markdown}[layout](lines, columns))
    say(f"\n{table.summary(lines)}")


def _print_outcome(
    regressed: Sequence[Finding], conditions: Sequence[str], layout: str, columns: Sequence[Column]
) -> None:
    """What regressed; beside data, on the standard error."""
    from benchsuite.report.comparison import table
    from benchsuite.report.comparison.pairing import Pairing

    asked = ", ".join(conditions)
    if regressed:
        show = table.as_markdown if layout == "markdown" else table.as_text
        outcome = f"regressed ({asked}):\n\n{show(table.entries(regressed, Pairing()), columns)}"
    else:
        outcome = f"no regression ({asked})"
    say(f"\n{outcome}", err=layout in ("csv", "json"))
