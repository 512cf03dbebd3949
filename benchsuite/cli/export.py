"""`benchsuite export`: records in another program's format."""

from pathlib import Path

import click

from benchsuite.cli.output import say
from benchsuite.cli.parameters import PATH, complete, plugins_of


@click.command()
@click.argument("results", nargs=-1, required=True, type=PATH)
@click.option(
    "--to",
    "exporter",
    required=True,
    metavar="EXPORTER",
    shell_complete=complete("exporters"),
    help="One of those that `benchsuite list exporters` shows.",
)
@click.option("--output", type=PATH, help="[default: standard output]")
@click.pass_context
def export(
    ctx: click.Context, results: tuple[Path, ...], exporter: str, output: Path | None
) -> None:
    """Export the records in RESULTS: results folders, runs' folders or record files."""
    from benchsuite.records import Stored, read_some
    from benchsuite.records.certificate import certificates_beside
    from benchsuite.records.writing import write_output
    from benchsuite.report.fairness.equality import with_equality

    entry, argument = plugins_of(ctx).exporters.find(exporter)
    write = entry.load()
    stored = read_some(results)
    records = with_equality([one.record for one in stored], certificates_beside(results))
    cases = [Stored(one.path, record) for one, record in zip(stored, records, strict=True)]
    text: str = write(cases, *argument)
    if output is None:
        say(text, nl=False)
    else:
        write_output(output, text.encode())
        say(f"written: {output}")
