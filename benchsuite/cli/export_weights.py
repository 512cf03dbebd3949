"""`benchsuite export-weights`: a network's weights as a safetensors file."""

from pathlib import Path

import click

from benchsuite.cli.output import say
from benchsuite.cli.parameters import PATH, complete, plugins_of, size_options, traced


@click.command("export-weights")
@click.argument("architecture", shell_complete=complete("architectures"))
@click.argument("file", type=PATH)
@click.option(
    "--weights",
    "source",
    type=PATH,
    help="Weights to write, from a file. [default: initial ones, from the seed]",
)
@click.option("--seed", type=click.IntRange(min=0), help="Of the initial weights. [default: 0]")
@click.option(
    "--backend",
    shell_complete=complete("backends"),
    help="Take the weights out of a session of this backend, which was given them.",
)
@size_options
@click.pass_context
def export_weights(
    ctx: click.Context,
    *,
    architecture: str,
    file: Path,
    source: Path | None,
    seed: int | None,
    backend: str | None,
    extents: tuple[int, ...] | None,
    classes: int | None,
) -> None:
    """Write a network's weights to FILE, as safetensors under their canonical names.

    These are the initial weights that every backend is given, or those of another file.
    """
    from benchsuite.graph.weights import Weights, draw_weights
    from benchsuite.weights import describe, pass_through, read_weights, write_weights

    if source is not None and seed is not None:
        raise click.UsageError("give --weights or --seed, not both", ctx)
    plugins = plugins_of(ctx)
    graph = traced(plugins, architecture, extents, classes)
    notes: tuple[str, ...] = ()
    weights: Weights
    if source is None:
        weights, origin = draw_weights(graph, seed or 0), {"seed": str(seed or 0)}
    else:
        fitted = read_weights(source, graph, plugins.weight_readers)
        weights, origin, notes = fitted.weights, {"source": source.name}, fitted.notes
    if backend is not None:
        weights = pass_through(plugins.backends[backend], graph, weights)
    write_weights(file, graph, weights, origin)
    for line in (describe(graph, weights), *notes, f"written: {file}"):
        say(line)
