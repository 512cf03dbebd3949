"""`benchsuite leaderboard`: what is stored, as a table or for other programs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchsuite.cli.output import UNLIMITED, say
from benchsuite.cli.parameters import PATH, results_argument
from benchsuite.errors import UsageError

if TYPE_CHECKING:
    from benchsuite.records import Record
    from benchsuite.report.leaderboard.view import View

_TABLE = "table"
_FORMATS = (_TABLE, "csv", "markdown", "json", "parquet", "latex")


@click.command()
@results_argument
@click.option(
    "--where", default="", metavar="CONDITION", help="Rows that meet it: 'top1>0.9 and seed==0'."
)
@click.option("--sort", default="", metavar="COLUMNS", help="Best first, with ranks; - reverses.")
@click.option("--columns", default="", metavar="COLUMNS", help="Show these: arch,backend,latency.")
@click.option("--group-by", default="", metavar="COLUMN", help="Sections of the table.")
@click.option("--format", "form", type=click.Choice(_FORMATS), default=_TABLE, show_default=True)
@click.option("--output", metavar="FILE", type=PATH, help="Write to it.")
@click.option("--csv", "csv_file", metavar="FILE", help="Write CSV as well; - is CSV alone.")
@click.option("--wide", is_flag=True, help="Show every figure, however wide the table becomes.")
@click.option("--strict-fair", is_flag=True, help="Refuse rows that no fair ranking mixes.")
def leaderboard(
    *,
    results: tuple[Path, ...],
    where: str,
    sort: str,
    columns: str,
    group_by: str,
    form: str,
    output: Path | None,
    csv_file: str | None,
    wide: bool,
    strict_fair: bool,
) -> None:
    """Show the records in RESULTS: a results folder, runs' folders or record files.

    RESULTS is `results` where none are given.
    docs/reference/leaderboard.md has the columns, their short
    names and the language of --where.
    """
    from benchsuite.report.fairness.groups import fair_groups, require_one
    from benchsuite.report.leaderboard.query import condition_of
    from benchsuite.report.leaderboard.rows import columns_of, write_csv
    from benchsuite.report.leaderboard.view import view_of

    records = _read(results)
    meets = condition_of(where, columns_of(records)) if where else None
    rows = [record for record in records if meets is None or meets(record)]
    view = view_of(columns_of(records, rows), columns=columns, sort=sort, group_by=group_by)
    if strict_fair:
        require_one(fair_groups(rows))
    if csv_file == "-":
        if form != _TABLE:
            raise UsageError(f"--csv - and --format {form} cannot both be printed: leave one out")
        form, csv_file = "csv", None
    _show(rows, view, form, output, wide=wide)
    # Words go beside data to the standard error: a pipe is to get the data alone.
    is_data = form != _TABLE and output is None
    say(_source(rows, records), err=is_data)
    if csv_file is not None:
        write_csv(rows, Path(csv_file), view)
        say(f"written: {csv_file}", err=is_data)


def _read(paths: Sequence[Path]) -> list[Record]:
    from benchsuite.records import read_some
    from benchsuite.records.certificate import certificates_beside
    from benchsuite.report.fairness.equality import with_equality

    records = [stored.record for stored in read_some(paths)]
    return with_equality(records, certificates_beside(paths))


def _show(
    rows: Sequence[Record], view: View, form: str, output: Path | None, *, wide: bool
) -> None:
    """Print it, or write it to the file."""
    from benchsuite.records.writing import write_output
    from benchsuite.report.leaderboard.formats import FORMATS

    if form == "parquet" and output is None:
        raise UsageError("--format parquet is no text: name a file with --output")
    if form == _TABLE and output is None:
        _print_table(rows, view, wide=wide)
        return
    content = FORMATS[form](rows, view, wide=wide)
    if output is None:
        say(content.decode(), nl=False)
    else:
        write_output(output, content)
        say(f"written: {output}")


def _print_table(rows: Sequence[Record], view: View, *, wide: bool) -> None:
    from benchsuite.report.leaderboard.console import leaderboard_table
    from benchsuite.terminal import console

    width = UNLIMITED if wide or view.chosen else None
    console(width=width, highlight=False).print(leaderboard_table(rows, view, wide=wide))


def _source(rows: Sequence[Record], records: Sequence[Record]) -> str:
    runs = dict.fromkeys(record.run for record in records)
    count = str(len(records)) if len(rows) == len(records) else f"{len(rows)} of {len(records)}"
    plural = "" if len(records) == 1 else "s"
    return f"{count} record{plural} of {'run' if len(runs) == 1 else 'runs'} {', '.join(runs)}"
