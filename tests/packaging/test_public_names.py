"""Plugins import what is public, as a stranger's must; nobody has a privilege."""

import ast
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PUBLIC = (
    "benchsuite",
    "benchsuite.contract",
    "benchsuite.errors",
    "benchsuite.graph",
    "benchsuite.graph.weights",
    "benchsuite.hooks",
    "benchsuite.records",
    "benchsuite.report",
    "benchsuite.testing",
)
FILES = sorted(
    path
    for folder in ("plugins", "docs")
    for path in (ROOT / folder).rglob("*.py")
    if path.name != "make_cli.py"  # documents the program itself
)


def _imported(tree):
    """(module, name or None) of every import in the file, relative ones aside."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield from ((node.module, alias.name) for alias in node.names)


def test_plugins_are_found():
    names = {path.name for path in FILES}

    assert {"zoo.py", "lowering.py", "applications.py"} <= names


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_plugin_imports_only_public_names(path):
    imported = set(_imported(ast.parse(path.read_text(encoding="utf-8"))))

    ours = {(m, name) for m, name in imported if m.partition(".")[0] == "benchsuite"}
    assert {m for m, _ in ours} <= set(PUBLIC)
    assert [x for _, x in ours if x and x.startswith("_")] == []


@pytest.mark.parametrize("module", PUBLIC)
def test_every_public_module_is_documented(module):
    assert f"`{module}`" in (ROOT / "docs" / "reference" / "hooks.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("module", [name for name in PUBLIC if name.count(".") < 2])
def test_all_names_what_a_public_module_has(module):
    found = import_module(module)

    assert [name for name in getattr(found, "__all__", ()) if not hasattr(found, name)] == []
