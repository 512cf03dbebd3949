"""A plugin's probe, from the worker to every view, with no file of the core that knows it."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from runs import Watch

from benchsuite.cli import cli
from benchsuite.hooks import load_plugins
from benchsuite.orchestration import orchestrate
from benchsuite.planning import make_spec
from benchsuite.records.series import read_series

BACKEND = "numpy"
PLUGIN = Path(__file__).parent / "probes.py"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a run with probes; whoever reads it has no such plugin."""
    results = tmp_path_factory.mktemp("probes")
    asked = {
        "archs": ["mlp"],
        "backends": [BACKEND],
        "dataset": "digits",
        "limit": 64,
        "epochs": 1,
        "protocol": "smoke",
        "results": str(results),
    }
    plugins = load_plugins(["benchsuite.reference.plugin", str(PLUGIN)])
    orchestrate(make_spec(asked), plugins, Watch())
    (folder,) = (results / "runs").iterdir()
    (path,) = (folder / "records").glob("*.json")
    _undisturbed(path)
    return folder


def _undisturbed(path):
    """As on a machine of its own: what else runs beside the tests flags figures."""
    record = json.loads(path.read_text(encoding="utf-8"))
    for one in record["findings"]["measurements"]:
        one["flags"] = []
    path.write_text(json.dumps(record), encoding="utf-8")


@pytest.fixture
def benchsuite(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def invoke(*arguments):
        result = CliRunner().invoke(cli, [str(a) for a in arguments], prog_name="benchsuite")
        assert result.exception is None or isinstance(result.exception, SystemExit), result.output
        return result

    return invoke


def figures(run):
    (path,) = (run / "records").glob("*.json")
    record = json.loads(path.read_text(encoding="utf-8"))
    assert record["status"] == "ok"
    return {one["metric"]: one for one in record["findings"]["measurements"]}, record


def test_record_describes_the_probes_figure(run):
    found = figures(run)[0]["placing"]

    described = {name: found[name] for name in ("unit", "better", "label")}
    assert described == {"unit": "s", "better": "lower", "label": "placing a batch"}
    assert 0 < found["value"] < 1
    assert found["batch_size"] == figures(run)[1]["case"]["training_batch_size"]
    assert found["refused"] == ""


def test_failing_probe_costs_its_figure_and_says_why(run):
    found = figures(run)[0]["broken"]

    assert found["value"] is None
    assert found["refused"] == "RuntimeError: the probe's own fault"


def test_raw_samples_are_kept_with_their_declaration(run):
    (path,) = (run / "samples").iterdir()
    found = {one.metric: one for one in read_series(path) if one.declared}

    assert found["placing"].declared.unit == "s"
    assert len(found["placing"].values) > 1
    assert found["broken"].values == ()


def test_key_names_the_probes_and_their_plugin(run):
    metrics = figures(run)[1]["key"]["metrics"]

    assert "placing of " in metrics
    assert "probes.py" in metrics


def test_leaderboard_has_its_columns(benchsuite, run):
    header, _ = benchsuite("leaderboard", run, "--format", "csv").stdout.splitlines()

    assert header.endswith("placing_s,placing_low_s,placing_high_s")


def test_terminal_shows_it_for_people(benchsuite, run):
    wide = benchsuite("leaderboard", run, "--wide").output
    chosen = benchsuite("leaderboard", run, "--columns", "backend,placing", "--sort", "placing")
    empty = benchsuite("leaderboard", run, "--where", "placing>1", "--columns", "backend").output

    assert re.search(r"placing a batch\b", wide)
    assert re.search(r"placing a batch\n.* ms\n", chosen.output)
    assert re.search(rf"{BACKEND} +~?0\.\d+", chosen.output)
    assert "0 of 1 record" in empty


@pytest.mark.parametrize("name", ["placing", "placing_s"])
def test_compare_takes_it_by_name(benchsuite, run, name):
    result = benchsuite("compare", run, run, "--metrics", name, "--format", "json")

    (line,) = json.loads(result.stdout)
    assert line["metric"] == "placing_s"
    assert line["ratio"] == 1.0
    assert "smoke-2 gives no verdicts" in line["how"]


def test_compare_suggests_it(benchsuite, run):
    result = benchsuite("compare", run, run, "--metrics", "placng")

    assert result.exit_code == 2
    assert "Did you mean 'placing'?" in result.output


def test_compare_reads_it_from_a_leaderboard(benchsuite, run):
    benchsuite("leaderboard", run, "--csv", "other.csv")
    result = benchsuite("compare", run, "other.csv", "--metrics", "placing", "--format", "json")

    (line,) = json.loads(result.stdout)
    assert line["a"] == line["b"] > 0


def test_history_takes_it_by_name(benchsuite, run):
    assert "placing a batch ms" in benchsuite("history", run, "--metric", "placing").output


def test_page_shows_figure_and_samples(benchsuite, run):
    benchsuite("report", run, "--html", "page.html")

    page = Path("page.html").read_text(encoding="utf-8")
    assert '"placing a batch, ms"' in page  # the heading of the leaderboard, and an axis
    assert re.search(r"placing a batch, batch \d+ \(\d of \d samples\)", page)


def test_list_probes(benchsuite):
    result = benchsuite("-p", PLUGIN, "list", "probes", "--json")

    (broken, placing) = json.loads(result.stdout)
    assert (broken["name"], placing["name"]) == ("broken", "placing")
    assert placing["plugin"] == "probes"
    assert placing["summary"] == "time that placing a batch takes"
