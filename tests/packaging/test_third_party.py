"""A stranger's plugin, built and installed into a fresh virtual environment, and used there."""

import csv
import json
import os
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "docs" / "example-plugin"

pytestmark = [pytest.mark.slow, pytest.mark.network]

COPYCAT = {
    "pyproject.toml": """
        [build-system]
        requires = ["hatchling>=1.25"]
        build-backend = "hatchling.build"
        [project]
        name = "copycat"
        version = "0.3"
        [project.entry-points.benchsuite]
        copycat = "copycat"
    """,
    "copycat.py": """
        from benchsuite import Target, hookimpl


        @hookimpl
        def benchsuite_architectures():
            return {"softmax_regression": Target("copycat:nothing", "not the first of its name")}
    """,
}
KIT = """
from benchsuite.testing import BackendConformance


class TestExample(BackendConformance):
    backend = "numpy-linear"
"""


@dataclass(frozen=True)
class Installation:
    """A virtual environment of its own, and an empty folder to work in."""

    programs: Path
    folder: Path

    def __call__(self, program, *arguments, **variables):
        clean = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTHON", "BENCHSUITE_", "VIRTUAL_ENV"))
        }
        return subprocess.run(
            [self.programs / program, *map(str, arguments)],
            cwd=self.folder,
            env={**clean, **variables},
            capture_output=True,
            text=True,
            check=False,
        )

    def install(self, *arguments):
        done = self("python", "-m", "pip", "install", "--quiet", *arguments)
        assert done.returncode == 0, done.stderr


def _wheel(source, folder):
    """Build the distribution in `source` and return its wheel."""
    into = folder / f"wheel-of-{source.name}"
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", into, source]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = into.iterdir()
    return wheel


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    """An installation of benchsuite and the example plugin, from wheels."""
    folder = tmp_path_factory.mktemp("stranger")
    venv.create(folder / "env", with_pip=True, symlinks=os.name != "nt")
    installation = Installation(folder / "env" / ("Scripts" if os.name == "nt" else "bin"), folder)
    installation.install(
        "-c", ROOT / "constraints.txt", f"{_wheel(ROOT, folder)}[test]", _wheel(EXAMPLE, folder)
    )
    return installation


@pytest.fixture
def copycat(stranger, tmp_path):
    """A second distribution that offers the example's architecture, for a while."""
    source = tmp_path / "copycat"
    source.mkdir()
    for name, text in COPYCAT.items():
        (source / name).write_text("\n".join(line[8:] for line in text.splitlines()))
    stranger.install("--no-deps", _wheel(source, tmp_path))
    yield
    assert stranger("python", "-m", "pip", "uninstall", "--yes", "copycat").returncode == 0


def _listed(done):
    assert done.returncode == 0, done.stderr
    return {row["name"]: row for row in json.loads(done.stdout)}


def test_environment_is_fresh(stranger):
    done = stranger("python", "-c", "import benchsuite; print(benchsuite.__file__)")

    assert Path(done.stdout.strip()).is_relative_to(stranger.folder)
    assert stranger("python", "-c", "import torch").returncode == 1
    assert stranger("python", "-c", "import tensorflow").returncode == 1


def test_plugin_is_listed_with_its_distribution_and_version(stranger):
    example = _listed(stranger("benchsuite", "list", "plugins", "--json"))["example"]

    assert (example["distribution"], example["version"]) == ("benchsuite-example", "1.0")
    assert example["error"] == ""


def test_architecture_is_listed(stranger):
    listed = _listed(stranger("benchsuite", "list", "archs", "--json"))

    assert listed["softmax_regression"]["plugin"] == "example"
    assert listed["softmax_regression"]["parameters"] == 650
    assert "lenet5" in listed


def test_run_leaves_a_record_and_a_leaderboard(stranger, tmp_path):
    done = stranger(
        "benchsuite",
        "run",
        *("--archs", "softmax_regression", "--backends", "numpy-linear", "--dataset", "stripes"),
        *("--protocol", "smoke", "--epochs", "3", "--results", tmp_path),
    )

    assert done.returncode == 0, done.stdout + done.stderr
    (run,) = (tmp_path / "runs").iterdir()
    (file,) = (run / "records").iterdir()
    record = json.loads(file.read_text())
    assert (record["status"], record["reason"]) == ("ok", "")
    assert record["findings"]["training"]["test"]["balanced_accuracy_fraction"] > 0.9
    (cells,) = csv.DictReader((run / "leaderboard.csv").read_text().splitlines())
    assert float(cells["test_balanced_accuracy_fraction"]) > 0.9


def test_backend_passes_the_conformance_kit(stranger, tmp_path):
    (tmp_path / "test_example.py").write_text(KIT)

    done = stranger("pytest", "-q", "-p", "no:cacheprovider", tmp_path)

    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


def test_disabled_plugin_is_hidden(stranger):
    plugins = stranger("benchsuite", "list", "plugins", "--json", BENCHSUITE_DISABLE="example")
    archs = stranger("benchsuite", "list", "archs", "--json", BENCHSUITE_DISABLE="example")

    assert "example" not in _listed(plugins)
    assert "softmax_regression" not in _listed(archs)


def test_name_offered_twice_names_both_distributions(stranger, copycat):
    done = stranger("benchsuite", "list", "archs")

    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert "'softmax_regression'" in line
    assert "benchsuite-example 1.0" in line
    assert "copycat 0.3" in line


def test_name_offered_twice_is_settled_by_leaving_one_out(stranger, copycat):
    done = stranger("benchsuite", "list", "archs", "--json", BENCHSUITE_DISABLE="copycat")

    assert _listed(done)["softmax_regression"]["plugin"] == "example"
