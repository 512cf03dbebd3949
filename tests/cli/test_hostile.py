"""Results from somebody who chose names and texts for what they do to a terminal."""

import ast
from pathlib import Path

import pandas as pd
import pytest

import benchsuite as package
from benchsuite.records import RunStore

ESCAPES = "\x1b]0;gone\x07\x1b[2J\x9b31m\r\x08\u202e"
CONTROLS = set(ESCAPES) - set("]0;gone[2J31m")
FORMULAS = ['=HYPERLINK("http://a")', "+1", "-1", "@SUM(A1)", "\t=1"]


@pytest.fixture
def hostile(make_record, tmp_path):
    """A results folder with a record that ended well, and one that did not, all of them hostile."""
    store = RunStore(tmp_path / "results", "first")
    store.write_run({"run": f"run{ESCAPES}", "environment": {"cpu": f"cpu{ESCAPES}"}})
    names = {
        name: f"{name}{ESCAPES}"
        for name in ("architecture", "backend", "device", "tier", "precision", "dataset")
    }
    for seed, status in enumerate(("ok", "failed")):
        record = make_record(
            **names,
            seed=seed,
            status=status,
            reason=f"reason{ESCAPES}\nsecond line",
            run=f"run{ESCAPES}",
            device_name=f"name{ESCAPES}",
            test={f"metric{ESCAPES}": 0.5},
        )
        store.write(record)
    return store.folder


COMMANDS = [
    *(("leaderboard",), ("leaderboard", "--wide"), ("leaderboard", "--sort", "top1")),
    *(("leaderboard", "--format", f) for f in ("csv", "json", "markdown", "latex")),
    *(("export", "--to", to) for to in ("markdown", "pytest-benchmark", "model-card")),
    ("compare", "--by", "device"),
    ("history",),
    ("merge", "--results", "elsewhere", "--name", "both"),
    ("leaderboard", "--where", "run==1 or"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_control_character_reaches_the_terminal(benchsuite, hostile, command):
    result = benchsuite(command[0], hostile, *command[1:], PYTHONIOENCODING="utf-8")

    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert not CONTROLS & set(result.output)


def test_an_error_says_a_hostile_name_in_one_harmless_line(benchsuite, tmp_path):
    result = benchsuite("leaderboard", f"no{ESCAPES}where")

    assert result.exit_code == 2
    assert not CONTROLS & set(result.stderr)
    assert result.stderr.count("\n") == 1


def test_the_csv_says_names_as_they_are(benchsuite, make_record, tmp_path):
    """They are for programs: an apostrophe before a formula would be another name."""
    store = RunStore(tmp_path / "results", "first")
    for name in FORMULAS:
        store.write(make_record(architecture=name))

    assert benchsuite("leaderboard", store.folder, "--csv", "board.csv").exit_code == 0

    found = pd.read_csv("board.csv")["architecture"]
    assert set(found) == {name.replace("\t", r"\u0009") for name in FORMULAS}


def test_text_is_printed_in_one_place():
    """Where control characters are spelt out."""
    root = Path(package.__file__).parent
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                place = str(path.relative_to(root))
                assert called != "click.echo" or place == "cli/output.py", place
                assert called != "Console" or place == "terminal.py", place


@pytest.mark.parametrize(
    "command",
    [
        ("leaderboard",),
        ("report", "--html", "page.html"),
        ("compare", "--by", "device"),
        ("history",),
        ("merge", "--name", "both"),
    ],
    ids=lambda command: command[0],
)
def test_results_are_looked_at_without_any_plugin(benchsuite, hostile, monkeypatch, command):
    """A stranger's results are nobody's reason to run code."""

    def load(*_):
        raise AssertionError("plugins were loaded")

    monkeypatch.setattr("benchsuite.hooks.load_plugins", load)
    monkeypatch.setattr("benchsuite.hooks.manager.load_plugins", load)
    result = benchsuite(command[0], hostile, *command[1:])

    assert not isinstance(result.exception, AssertionError)
