"""`benchsuite report`: results as a page for people, and their plots as files."""

from pathlib import Path

import click

from benchsuite.cli.output import say
from benchsuite.cli.parameters import PATH, results_argument
from benchsuite.errors import UsageError


@click.command()
@results_argument
@click.option("--html", metavar="FILE", type=PATH, help="Write the page.")
@click.option("--png", metavar="FOLDER", type=PATH, help="Write every plot as PNG.")
@click.option("--svg", metavar="FOLDER", type=PATH, help="Write every plot as SVG.")
def report(
    results: tuple[Path, ...], html: Path | None, png: Path | None, svg: Path | None
) -> None:
    """Write a page, or plots, of RESULTS: a results folder, runs' folders or record files.

    RESULTS is `results` where none are given. The page is one file that opens without a network:
    verdicts, leaderboard, plots, a page for each case, failures, certificates, environment.
    """
    images = {kind: folder for kind, folder in (("png", png), ("svg", svg)) if folder}
    if html is None and not images:
        raise UsageError("nothing to write: name a page with --html, or a folder with --png, --svg")
    from benchsuite.report.page.source import read_source

    source = read_source(results)
    if html is not None:
        from benchsuite.report.page.page import write_page

        say(f"written: {write_page(source, html)}")
    if images:
        from benchsuite.report.page.images import write_images

        for kind, folder in images.items():
            count = len(write_images(source, folder, kind))
            say(f"written: {count} plots in {folder}")
