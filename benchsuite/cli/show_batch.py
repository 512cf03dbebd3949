"""`benchsuite show-batch`: a picture of what a network sees in training."""

from pathlib import Path
from typing import Any

import click

from benchsuite.cli.output import say
from benchsuite.cli.parameters import (
    PATH,
    Assignment,
    InputShape,
    complete,
    complete_recipes,
    plugins_of,
    traced,
)
from benchsuite.errors import UsageError


@click.command("show-batch")
@click.argument("architecture", shell_complete=complete("architectures"))
@click.argument("file", type=PATH)
@click.option("--dataset", default="digits", show_default=True, shell_complete=complete("datasets"))
@click.option("--recipe", default="tour", show_default=True, shell_complete=complete_recipes)
@click.option("--set", "changes", type=Assignment(), multiple=True, help="A value of the recipe.")
@click.option("--input", "extents", type=InputShape(), help="[default: the network's own]")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--epoch", type=click.IntRange(min=0), default=0, show_default=True)
@click.pass_context
def show_batch(
    ctx: click.Context,
    *,
    architecture: str,
    file: Path,
    dataset: str,
    recipe: str,
    changes: tuple[tuple[str, Any], ...],
    extents: tuple[int, ...] | None,
    seed: int,
    epoch: int,
) -> None:
    """Write the first batch of an epoch to FILE, as a picture, and say what it shows.

    The images are those that every backend is given: resized, augmented and mixed.
    """
    from benchsuite.data import TrainingBatches, contact_sheet, load_source, prepare
    from benchsuite.training.recipes import make_recipe

    plugins = plugins_of(ctx)
    chosen = make_recipe(recipe, dict(changes))
    source = load_source(dataset, plugins.datasets)
    graph = traced(plugins, architecture, extents, len(source.class_names))
    height, width, channels = graph.input_shape
    data = prepare(source, (height, width, channels), seed)
    batch = next(TrainingBatches(data.train, graph, chosen, seed).of(epoch))
    try:
        contact_sheet(batch, source.class_names).save(file)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"'{file}' cannot be written ({error}): name another file, such as batch.png"
        ) from error
    say(f"{len(batch.images)} images, row by row from the top left: {file}")
