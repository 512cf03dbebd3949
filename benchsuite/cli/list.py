"""`benchsuite list`: what the plugins offer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import click

from benchsuite.cli.output import say
from benchsuite.cli.parameters import plugins_of

if TYPE_CHECKING:
    from benchsuite.hooks import Entry, Plugins
    from benchsuite.hooks.manager import PluginInfo

#: One listed thing: raw values, complete, as `--json` prints them.
Row = dict[str, Any]


@click.command("list")
@click.argument(
    "kind",
    type=click.Choice(
        ["archs", "native", "backends", "datasets", "metrics", "probes", "exporters", "plugins"]
    ),
)
@click.option("--json", "as_json", is_flag=True, help="Print every fact as JSON.")
@click.pass_context
def list_offers(ctx: click.Context, kind: str, as_json: bool) -> None:
    """List what is installed, and from which plugin."""
    plugins = plugins_of(ctx)
    rows = _ROWS[kind](plugins)
    if as_json:
        say(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        _print_rows([_CELLS[kind](row) for row in rows])
    if kind != "plugins":
        _warn_of_broken(plugins)


def _architectures(plugins: Plugins) -> list[Row]:
    return [_architecture(entry) for entry in plugins.architectures.values()]


def _architecture(entry: Entry) -> Row:
    row = _offer(entry)
    try:
        architecture = entry.load()
        graph = architecture.trace()
    except Exception as error:  # noqa: BLE001 - a stranger's code: the others are still listed
        return {**row, "error": f"{type(error).__name__}: {error}"}
    return {
        **row,
        "paper": architecture.paper,
        "input_shape": list(graph.input_shape),
        "classes": architecture.classes,
        "parameters": graph.parameters,
        "buffers": graph.buffers,
        "macs": graph.macs,
        "flops": graph.flops,
        "fingerprint": graph.fingerprint,
    }


def _native_models(plugins: Plugins) -> list[Row]:
    return [_native_model(entry) for entry in plugins.native_models.values()]


def _native_model(entry: Entry) -> Row:
    row = _offer(entry)
    if row["missing"]:
        return row
    try:
        model = entry.load()
    except Exception as error:  # noqa: BLE001 - a stranger's code: the others are still listed
        return {**row, "error": f"{type(error).__name__}: {error}"}
    return {
        **row,
        "backends": list(model.backends),
        "input_shape": list(model.input_shape),
        "classes": model.classes,
        "macs_about": model.macs,
    }


def _offer(entry: Entry) -> Row:
    target = entry.target
    return {
        "name": entry.name,
        "summary": target.summary,
        "plugin": entry.plugin,
        "requires": list(target.requires),
        "missing": list(target.missing()),
        "install": target.install,
    }


def _backends(plugins: Plugins) -> list[Row]:
    return [_offer(entry) for entry in plugins.backends.values()]


def _datasets(plugins: Plugins) -> list[Row]:
    return [_offer(entry) for entry in plugins.datasets.values()]


def _metrics(plugins: Plugins) -> list[Row]:
    return [_offer(entry) for entry in plugins.metrics.values()]


def _probes(plugins: Plugins) -> list[Row]:
    return [_offer(entry) for entry in plugins.probes.values()]


def _exporters(plugins: Plugins) -> list[Row]:
    return [_offer(entry) for entry in plugins.exporters.values()]


def _plugins(plugins: Plugins) -> list[Row]:
    return [_plugin(plugins, info) for info in plugins.infos]


def _plugin(plugins: Plugins, info: PluginInfo) -> Row:
    offers = [
        {"kind": entry.kind, **_offer(entry)}
        for registry in plugins.registries
        for entry in registry.values()
        if entry.plugin == info.name and not info.error
    ]
    return {
        "name": info.name,
        "distribution": info.distribution,
        "version": info.version,
        "hooks": list(info.hooks),
        "error": info.error,
        "offers": offers,
    }


def _architecture_cells(row: Row) -> Mapping[str, str]:
    from benchsuite.report.columns.quantities import extents, scaled

    if "error" in row:
        return {"name": row["name"], "plugin": row["plugin"], "summary": row["error"]}
    return {
        "name": row["name"],
        "input": extents(row["input_shape"]),
        "classes": str(row["classes"]),
        "parameters": scaled(row["parameters"]),
        "MACs": scaled(row["macs"]),
        "plugin": row["plugin"],
        "summary": row["summary"],
    }


def _native_cells(row: Row) -> Mapping[str, str]:
    from benchsuite.report.columns.quantities import extents, scaled

    if "macs_about" not in row:
        return {"name": row["name"], "available": row.get("error") or _missing(row)}
    return {
        "name": row["name"],
        "available": "yes",
        "backends": ", ".join(row["backends"]),
        "input": extents(row["input_shape"]),
        "MACs, about": scaled(row["macs_about"]),
        "plugin": row["plugin"],
    }


def _backend_cells(row: Row) -> Mapping[str, str]:
    return {
        "name": row["name"],
        "available": _missing(row) or "yes",
        "plugin": row["plugin"],
        "summary": row["summary"],
    }


def _missing(row: Row) -> str:
    if not row["missing"]:
        return ""
    install = f": {row['install']}" if row["install"] else ""
    return f"no, needs {', '.join(row['missing'])}{install}"


def _plugin_cells(row: Row) -> Mapping[str, str]:
    lacking = [f"{o['kind']} {o['name']}: {_missing(o)}" for o in row["offers"] if o["missing"]]
    return {
        "name": row["name"],
        "distribution": f"{row['distribution']} {row['version']}".strip(),
        "hooks": "\n".join(row["hooks"]),
        "offers": str(len(row["offers"])),
        "problems": "\n".join([row["error"], *lacking] if row["error"] else lacking),
    }


_ROWS: Mapping[str, Callable[[Plugins], list[Row]]] = {
    "archs": _architectures,
    "native": _native_models,
    "backends": _backends,
    "datasets": _datasets,
    "metrics": _metrics,
    "probes": _probes,
    "exporters": _exporters,
    "plugins": _plugins,
}
_CELLS: Mapping[str, Callable[[Row], Mapping[str, str]]] = {
    "archs": _architecture_cells,
    "native": _native_cells,
    "backends": _backend_cells,
    "datasets": _backend_cells,
    "metrics": _backend_cells,
    "probes": _backend_cells,
    "exporters": _backend_cells,
    "plugins": _plugin_cells,
}
_NUMBERS = ("input", "classes", "parameters", "MACs", "MACs, about", "offers")


def _print_rows(rows: list[Mapping[str, str]]) -> None:
    from benchsuite.cli.tables import print_table

    headers = list(dict.fromkeys(header for row in rows for header in row))
    cells = [[row.get(header, "") for header in headers] for row in rows]
    if rows:
        print_table(
            headers, cells, numbers=_NUMBERS, folded=("available", "problems"), cut=("summary",)
        )
    else:
        say("none")


def _warn_of_broken(plugins: Plugins) -> None:
    for info in plugins.infos:
        if info.error:
            say(f"warning: plugin '{info.name}' is broken: {info.error}", err=True)
