"""What tox's environments run: every test at least once, and no plugin's where it is missing."""

import json
import shlex
import subprocess
import sys
from collections import defaultdict
from configparser import ConfigParser
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.frameworks]
ROOT = Path(__file__).parent.parent

#: Collects the tests and prints each with its markers, as a last line of JSON.
COLLECT = """
import json, sys, pytest

class Tell:
    def pytest_collection_finish(self, session):
        self.found = {i.nodeid: [m.name for m in i.iter_markers()] for i in session.items}

tell = Tell()
status = pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider"], plugins=[tell])
print()
print(json.dumps(tell.found))
sys.exit(status)
"""

#: Imports of PyTorch, Keras and MLflow fail, as where they are not installed.
WITHOUT_FRAMEWORKS = """
import sys, pytest

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name in ("torch", "keras", "tensorflow", "jax", "mlflow"):
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)

import importlib.util
find = importlib.util.find_spec
absent = Absent()
def find_spec(name, package=None):
    try:
        absent.find_spec(name)
    except ModuleNotFoundError:
        return None
    return find(name, package)

importlib.util.find_spec = find_spec
sys.meta_path.insert(0, absent)
sys.exit(pytest.main([*sys.argv[1:], "-p", "no:cacheprovider"]))
"""


def commands():
    """By the environments of `tox` and `tox -m full`, the marker expression and the paths."""
    tox = ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini")
    labels = dict(line.split(" = ") for line in tox["tox"]["labels"].splitlines() if " = " in line)
    names = tox["tox"]["env_list"].split() + labels["full"].split(", ")
    found = {}
    for name in names:
        section = tox[f"testenv:{name}" if tox.has_section(f"testenv:{name}") else "testenv"]
        command = section.get("commands", tox["testenv"]["commands"])
        if command.startswith("pytest "):
            _, _, rest = command.partition("pytest ")
            options, _, paths = rest.partition("{posargs")
            words = shlex.split(options)
            chosen = words[words.index("-m") + 1] if "-m" in words else "True"
            found[name] = chosen, paths.strip(":}").split()
    return found


def is_selected(test, markers, chosen, paths):
    if paths and not test.startswith(tuple(f"{path}/" for path in paths)):
        return False
    has = defaultdict(bool, dict.fromkeys(markers, True))
    # A marker expression of pytest is one of Python. These are tox.ini's.
    return eval(chosen, {"__builtins__": {}}, has)  # noqa: S307


def test_every_test_is_run_by_tox_or_by_its_label_full():
    """In an environment with all frameworks; the MLflow plugin's are all run by its own."""
    environments = commands()
    assert environments.keys() == {"both", "core", "slow", "mlflow"}
    assert environments["mlflow"] == ("True", ["plugins/mlflow"])
    done = subprocess.run(
        [sys.executable, "-c", COLLECT], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr

    tests = json.loads(done.stdout.splitlines()[-1])
    by = {
        name: {test for test, marks in tests.items() if is_selected(test, marks, *how)}
        for name, how in environments.items()
    }

    assert sorted(tests.keys() - set().union(*by.values())) == []
    assert not by["both"] & by["slow"], "tests that run twice"
    print({name: len(found) for name, found in by.items()})


def test_tests_are_collected_where_no_framework_is_installed():
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_FRAMEWORKS, "--collect-only", "-q", "-rs"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "\ntests/test_environments.py::" in done.stdout
    for name in ("torch", "keras", "mlflow"):
        assert f"\nplugins/{name}/" not in done.stdout
        assert f"plugins/{name}: not installed: {name}" in done.stdout
