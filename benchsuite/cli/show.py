"""`benchsuite show`: one architecture, layer by layer."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from benchsuite.cli.output import print_table, say
from benchsuite.cli.parameters import complete, plugins_of, size_options, traced
from benchsuite.errors import UnsupportedError

if TYPE_CHECKING:
    from benchsuite.graph import Graph
    from benchsuite.hooks import Plugins


_FLOPS_BY = ("op", "block")


@click.command()
@click.argument("architecture", shell_complete=complete("architectures"))
@size_options
@click.option(
    "--flops-by", type=click.Choice(_FLOPS_BY), help="Sum MACs and FLOPs by op, or by block."
)
@click.option(
    "--source",
    "backend",
    metavar="BACKEND",
    shell_complete=complete("backends"),
    help="Print the code that a backend generates, where it generates any (torch).",
)
@click.option("--json", "as_json", is_flag=True, help="Print every fact as JSON.")
@click.pass_context
def show(
    ctx: click.Context,
    *,
    architecture: str,
    extents: tuple[int, ...] | None,
    classes: int | None,
    flops_by: str | None,
    backend: str | None,
    as_json: bool,
) -> None:
    """Show an architecture's layers: output shapes, parameters and MACs for one image."""
    graph = traced(plugins_of(ctx), architecture, extents, classes)
    if backend is not None:
        say(_source(plugins_of(ctx), backend, graph))
        return
    facts = _facts(graph)
    if flops_by is not None:
        _print_flops(facts, flops_by)
    elif as_json:
        say(json.dumps(facts, indent=2, ensure_ascii=False))
    else:
        _print_table(facts)


def _source(plugins: Plugins, backend: str, graph: Graph) -> str:
    framework = plugins.backends[backend].load()()
    source = getattr(framework, "source", None)
    if source is None:
        raise UnsupportedError(f"backend '{backend}' generates no code that could be shown")
    text: str = source(graph)
    return text


def _print_flops(facts: dict[str, Any], by: str) -> None:
    """What costs what, the dearest first."""
    macs: Counter[str] = Counter()
    for layer in facts["layers"]:
        macs[layer["op"] if by == "op" else layer["name"].partition(".")[0]] += layer["macs"]
    total = facts["macs"]
    rows = [
        (name, f"{count:,}", f"{2 * count:,}", f"{count / total:.1%}")
        for name, count in macs.most_common()
        if count
    ]
    rows.append(("all", f"{total:,}", f"{2 * total:,}", "100.0%"))
    headers = (by, "MACs", "FLOPs (2 × MACs)", "share")
    print_table(headers, rows, numbers=headers[1:])


def _facts(graph: Graph) -> dict[str, Any]:
    layers = [
        {
            "name": node.name,
            "op": node.op,
            "output_shape": list(node.shape),
            "parameters": node.parameters,
            "macs": node.macs,
        }
        for node in graph.nodes
    ]
    return {
        "architecture": graph.name,
        "input_shape": list(graph.input_shape),
        "classes": graph.output.shape[0],
        "layers": layers,
        "parameters": graph.parameters,
        "buffers": graph.buffers,
        "total": graph.parameters + graph.buffers,
        "macs": graph.macs,
        "flops": graph.flops,
        "fingerprint": graph.fingerprint,
    }


def _print_table(facts: dict[str, Any]) -> None:
    from benchsuite.report.columns.quantities import extents

    rows = [
        (
            layer["name"],
            layer["op"],
            extents(layer["output_shape"]),
            *(f"{layer[key]:,}" if layer[key] else "" for key in ("parameters", "macs")),
        )
        for layer in facts["layers"]
    ]
    headers = ("layer", "op", "output", "parameters", "MACs")
    print_table(headers, rows, numbers=("parameters", "MACs"), folded=("layer", "op"))
    say()
    for label, key in _TOTALS.items():
        say(f"{label:<24}{facts[key]:>15,}")
    say(f"fingerprint {facts['fingerprint']}")


_TOTALS = {
    "parameters (trainable)": "parameters",
    "buffers": "buffers",
    "parameters and buffers": "total",
    "MACs": "macs",
    "FLOPs (2 × MACs)": "flops",
}
