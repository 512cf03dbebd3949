"""`benchsuite import-weights`: whether a file of weights fits, and the same as safetensors."""

from pathlib import Path

import click

from benchsuite.cli.output import say
from benchsuite.cli.parameters import PATH, complete, plugins_of, size_options, traced


@click.command("import-weights")
@click.argument("file", type=PATH)
@click.argument("architecture", shell_complete=complete("architectures"))
@click.option(
    "--backend",
    shell_complete=complete("backends"),
    help="Give the weights to this backend, and compare what it gives back, bit for bit.",
)
@click.option(
    "-o",
    "--output",
    type=PATH,
    help="Write the weights to this file, as safetensors under their canonical names.",
)
@size_options
@click.pass_context
def import_weights(
    ctx: click.Context,
    *,
    file: Path,
    architecture: str,
    backend: str | None,
    output: Path | None,
    extents: tuple[int, ...] | None,
    classes: int | None,
) -> None:
    """Check that FILE holds the weights of a network, in any format that a plugin reads.

    Names everything that is missing, left over or of another shape.
    """
    from benchsuite.weights import describe, pass_through, read_weights, write_weights

    plugins = plugins_of(ctx)
    graph = traced(plugins, architecture, extents, classes)
    fitted = read_weights(file, graph, plugins.weight_readers)
    say(f"'{file}' fits {describe(graph, fitted.weights)}")
    for line in fitted.report:
        say(line)
    if backend is not None:
        pass_through(plugins.backends[backend], graph, fitted.weights)
        say(f"{backend} gives back the same bits")
    if output is not None:
        write_weights(output, graph, fitted.weights, {"source": file.name})
        say(f"written: {output}")
