"""`benchsuite plan`: what `run` would do, without doing it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from benchsuite.cli.output import say
from benchsuite.cli.parameters import plugins_of
from benchsuite.cli.run_options import run_options, spec_of

if TYPE_CHECKING:
    from benchsuite.records import Case


#: Fields that always have a column; the other axes and repeats have one where cases differ.
_SHOWN = ("backend", "device", "seed")


@click.command()
@run_options
@click.option("--json", "as_json", is_flag=True, help="Print every case in full, as JSON.")
@click.pass_context
def plan(ctx: click.Context, /, as_json: bool, **options: Any) -> None:  # noqa: ANN401 - see `run_options`
    """Show the cases that `run` would carry out with these options."""
    import msgspec

    from benchsuite.orchestration import plan as plan_run

    cases = plan_run(spec_of(options), plugins_of(ctx))
    if as_json:
        text = msgspec.json.encode(cases).decode()
        say(msgspec.json.format(text, indent=2))
    else:
        _print_table(cases)


def _print_table(cases: Sequence[Case]) -> None:
    from rich import box
    from rich.table import Table

    from benchsuite.records import Role, fields_with
    from benchsuite.report.columns.quantities import extents
    from benchsuite.terminal import console

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    varying = [
        name
        for name in fields_with(Role.AXIS, Role.REPEAT)
        if name not in _SHOWN and len({getattr(case, name) for case in cases}) > 1
    ]
    fields = ("architecture", "backend", "device", *varying, "seed")
    for column in (*fields, "measured at", "trained at"):
        table.add_column(column, overflow="fold")
    for column in ("batches", "steps"):
        table.add_column(column, justify="right")
    for case in cases:
        recipe = case.recipe
        steps = f"{recipe.epochs} epochs"
        if recipe.max_steps is not None:
            steps += f", at most {recipe.max_steps:,}"
        table.add_row(
            *(str(getattr(case, name)) for name in fields),
            extents(case.input_shape),
            extents(case.train_input_shape),
            f"1, {case.inference_batch_size}; {case.training_batch_size}",
            steps,
        )
    output = console()
    output.print(table)
    output.print(
        f"{len(cases)} cases, protocol {cases[0].protocol if cases else 'none'}; batches: "
        "latency, throughput; training step",
        highlight=False,
    )
