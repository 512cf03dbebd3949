import json

import pytest

from benchsuite.records import RunStore

PLUGIN = """
from benchsuite import Target, hookimpl

def ids(cases, separator):
    return separator.join(case.record.equality for case in cases) + "\\n"

@hookimpl
def benchsuite_exporters():
    return {"ids": Target("ids_plugin:ids", "cases' equality", argument="SEPARATOR")}
"""


@pytest.fixture
def stored(tmp_path, make_record):
    for seed in (0, 1):
        RunStore(tmp_path / "results", "run-1").write(make_record(seed=seed))


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    (tmp_path / "ids_plugin.py").write_text(PLUGIN)
    return tmp_path / "ids_plugin.py"


def test_export_prints_text(benchsuite, stored):
    result = benchsuite("export", "results", "--to", "markdown")

    assert result.exit_code == 0
    assert result.stdout.startswith("### benchsuite: 2 cases of run-1\n")


def test_export_writes_a_file(benchsuite, stored, tmp_path):
    result = benchsuite("export", "results", "--to", "pytest-benchmark", "--output", "b.json")

    assert result.stdout == "written: b.json\n"
    assert len(json.loads((tmp_path / "b.json").read_text())["benchmarks"]) == 6


def test_export_takes_a_plugins_exporter_and_its_argument(benchsuite, stored, plugin):
    result = benchsuite("-p", plugin, "export", "results", "--to", "ids: and ")

    assert result.stdout == "unproven and unproven\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("results", "--to", "markdwn"), "unknown exporter 'markdwn'. Did you mean 'markdown'?"),
        (("results", "--to", "markdown:x"), "exporter 'markdown' takes nothing behind its name"),
        (("nowhere", "--to", "markdown"), "no results at 'nowhere'"),
        (("empty", "--to", "markdown"), "no records in 'empty'"),
        (("results", "--to", "markdown", "--output", "no/x"), "'no/x' cannot be written"),
        (("results",), "Missing option '--to'"),
    ],
)
def test_export_says_what_is_wrong(benchsuite, stored, tmp_path, arguments, said):
    (tmp_path / "empty").mkdir()

    result = benchsuite("export", *arguments)

    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


def test_list_shows_exporters(benchsuite):
    rows = json.loads(benchsuite("list", "exporters", "--json").stdout)

    assert {"markdown", "model-card", "pytest-benchmark"} <= {row["name"] for row in rows}
