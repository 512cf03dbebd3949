"""`benchsuite merge`: runs of several machines as one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchsuite.cli.output import say
from benchsuite.cli.parameters import PATH
from benchsuite.errors import UsageError

if TYPE_CHECKING:
    from benchsuite.records.merge import Keep, Merged

#: Cases that a line names; it counts the rest.
_NAMED = 3


@click.command()
@click.argument("runs", nargs=-1, required=True, type=PATH)
@click.option(
    "--results", type=PATH, default=Path("results"), show_default=True, help="Folder for results."
)
@click.option("--name", help="Name of the new run. [default: merged-<time>]")
@click.option(
    "--keep",
    type=click.Choice(["first", "last", "ok"]),
    help="Which of different records of one case to keep. [default: refuse]",
)
def merge(runs: tuple[Path, ...], results: Path, name: str | None, keep: Keep | None) -> None:
    """Merge RUNS, folders of runs on several machines, into a new run; they are not changed.

    A results folder stands for all the runs in it.
    """
    from benchsuite.records import merge as merging
    from benchsuite.records.certificate import read_certificates
    from benchsuite.records.store import RUNS
    from benchsuite.report.fairness.equality import with_equality
    from benchsuite.report.fairness.merged_parts import differences
    from benchsuite.report.leaderboard.rows import write_csv

    chosen = name or f"merged-{datetime.now(timezone.utc):%Y%m%dT%H%M%SZ}"
    merged = merging.merge([part for run in runs for part in merging.read_parts(run)], keep)
    if Path(chosen).name != chosen or chosen.startswith("."):
        raise UsageError(f"'{chosen}' cannot be a run's name: choose one without / or leading dot")
    folder = results / RUNS / chosen
    with merging.built_beside(folder) as unfinished:
        merging.write_merged(unfinished, chosen, merged)
        barred = merging.carry_certificates(merged.parts, results)
        records = [stored.record for stored in merged.stored]
        equal = with_equality(records, read_certificates(results))
        write_csv(equal, unfinished / "leaderboard.csv")
    for line in differences(merged.parts):
        say(f"warning: {line}", err=True)
    for path in barred:
        say(f"warning: not carried over, another is in its place: '{path}'", err=True)
    for line in (*_summary(merged, keep), f"written: {folder}"):
        say(line)


def _summary(merged: Merged, keep: Keep | None) -> Iterator[str]:
    if merged.repeated:
        yield f"the same record in several parts: {_named(merged.repeated)}"
    if merged.decided:
        yield f"different records, of which --keep {keep} chose: {_named(merged.decided)}"
    runs = ", ".join(part.name for part in merged.parts)
    yield f"{len(merged.stored)} records of {len(merged.parts)} runs: {runs}"


def _named(case_ids: Sequence[str]) -> str:
    more = len(case_ids) - _NAMED
    return f"{', '.join(case_ids[:_NAMED])}{f' and {more} more' if more > 0 else ''}"
