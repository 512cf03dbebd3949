"""`benchsuite list`: what the plugins offer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from benchsuite.cli.output import print_table, say
from benchsuite.cli.parameters import plugins_of

if TYPE_CHECKING:
    from benchsuite.contract import NativeModel
    from benchsuite.graph import Architecture
    from benchsuite.hooks import Entry, Plugins
    from benchsuite.hooks.manager import PluginInfo

#: One listed thing: raw values, complete, as `--json` prints them.
Row = dict[str, Any]


#: What can be listed, and the registry that holds it.
_REGISTRIES = {
    "archs": "architectures",
    "native": "native_models",
    **{kind: kind for kind in ("backends", "datasets", "metrics", "probes", "exporters")},
}


@click.command("list")
@click.argument("kind", type=click.Choice([*_REGISTRIES, "plugins"]))
@click.option("--json", "as_json", is_flag=True, help="Print every fact as JSON.")
@click.pass_context
def list_offers(ctx: click.Context, kind: str, as_json: bool) -> None:
    """List what is installed, and from which plugin."""
    plugins = plugins_of(ctx)
    if kind == "plugins":
        rows = [_plugin(plugins, info) for info in plugins.infos]
    else:
        rows = [_offered(entry) for entry in getattr(plugins, _REGISTRIES[kind]).values()]
    if as_json:
        say(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        cells = _CELLS.get(kind, _offer_cells)
        _print_rows([cells(row) for row in rows])
    for info in plugins.infos if kind != "plugins" else ():
        if info.error:
            say(f"warning: plugin '{info.name}' is broken: {info.error}", err=True)


def _offered(entry: Entry) -> Row:
    """With what is known of a network once it is loaded."""
    row, facts = _offer(entry), _FACTS.get(entry.kind)
    # A library that is not there cannot be loaded, and `missing` names it already.
    if facts is None or (entry.kind == "native model" and row["missing"]):
        return row
    try:
        return {**row, **facts(entry.load())}
    except Exception as error:  # noqa: BLE001 - a stranger's code: the others are still listed
        return {**row, "error": f"{type(error).__name__}: {error}"}


def _architecture(architecture: Architecture) -> Row:
    graph = architecture.trace()
    counted = ("parameters", "buffers", "macs", "flops", "fingerprint")
    return {
        "paper": architecture.paper,
        "input_shape": graph.input_shape,
        "classes": architecture.classes,
        **{fact: getattr(graph, fact) for fact in counted},
    }


def _native_model(model: NativeModel) -> Row:
    return {
        "backends": list(model.backends),
        "input_shape": list(model.input_shape),
        "classes": model.classes,
        "macs_about": model.macs,
    }


_FACTS: Mapping[str, Callable[[Any], Row]] = {
    "architecture": _architecture,
    "native model": _native_model,
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


def _plugin(plugins: Plugins, info: PluginInfo) -> Row:
    offers = [
        {"kind": entry.kind, **_offer(entry)}
        for registry in (*sorted(_REGISTRIES.values()), "weight_readers")
        for entry in getattr(plugins, registry).values()
        if entry.plugin == info.name and not info.error
    ]
    return {**asdict(info), "offers": offers}


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


def _offer_cells(row: Row) -> Mapping[str, str]:
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


_CELLS: Mapping[str, Callable[[Row], Mapping[str, str]]] = {
    "archs": _architecture_cells,
    "native": _native_cells,
    "plugins": _plugin_cells,
}
_NUMBERS = ("input", "classes", "parameters", "MACs", "MACs, about", "offers")


def _print_rows(rows: list[Mapping[str, str]]) -> None:
    headers = list(dict.fromkeys(header for row in rows for header in row))
    cells = [[row.get(header, "") for header in headers] for row in rows]
    if rows:
        print_table(
            headers, cells, numbers=_NUMBERS, folded=("available", "problems"), cut=("summary",)
        )
    else:
        say("none")
