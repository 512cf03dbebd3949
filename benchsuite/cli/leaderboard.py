"""`benchsuite leaderboard`: what is stored, as a table or as CSV."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchsuite.cli.tables import UNLIMITED
from benchsuite.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchsuite.records import Record

_DEFAULT = "results"


@click.command()
@click.argument("results", nargs=-1, type=click.Path(path_type=Path))
@click.option("--csv", "csv_file", metavar="FILE", help="Write CSV; - is the standard output.")
@click.option("--wide", is_flag=True, help="Show every figure, however wide the table becomes.")
def leaderboard(results: tuple[Path, ...], csv_file: str | None, wide: bool) -> None:
    """Show the records in RESULTS: a results folder, runs' folders or record files.

    RESULTS is `results` where none are given.
    """
    from benchsuite.records import read_records
    from benchsuite.records.certificate import certificates_beside
    from benchsuite.report.equality import with_equality
    from benchsuite.report.leaderboard import csv_text, write_csv

    paths = results or (Path(_DEFAULT),)
    records = with_equality(list(read_records(paths)), certificates_beside(paths))
    if not records:
        places = ", ".join(f"'{path}'" for path in paths)
        raise UsageError(f"no records in {places}: name a run's folder, or run first")
    if csv_file == "-":
        click.echo(csv_text(records), nl=False)
        click.echo(_source(records), err=True)
        return
    _print_table(records, wide=wide)
    click.echo(_source(records))
    if csv_file is not None:
        write_csv(records, Path(csv_file))
        click.echo(f"written: {csv_file}")


def _print_table(records: Sequence[Record], *, wide: bool) -> None:
    from rich.console import Console

    from benchsuite.report.console import leaderboard_table

    console = Console(width=UNLIMITED if wide else None, highlight=False)
    console.print(leaderboard_table(records, wide=wide))


def _source(records: Sequence[Record]) -> str:
    runs = dict.fromkeys(record.run for record in records)
    plural = "" if len(records) == 1 else "s"
    return (
        f"{len(records)} record{plural} of {'run' if len(runs) == 1 else 'runs'} {', '.join(runs)}"
    )
