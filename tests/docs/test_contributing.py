"""What newcomers are told to type is what continuous integration runs."""

import re
from configparser import ConfigParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


def _text(name):
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_test_command_is_what_ci_runs(page):
    command = _text(".ci/run").splitlines()[-1]

    assert command in _text(page)


def test_every_environment_that_is_named_exists():
    tox = ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini")
    known = {section.removeprefix("testenv:") for section in tox.sections()} | {"both"}

    named = set(re.findall(r"tox -e (\w+)", _text("CONTRIBUTING.md")))

    assert named
    assert named <= known


def test_tested_versions_are_those_of_the_matrix():
    """A row of the README's table: | 3.10 | 2.11 | 2.19 |, perhaps with more cells."""
    tox = ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini")
    (matrix,) = re.findall(r"matrix = (.*)", tox["tox"]["labels"])
    versions = [
        re.fullmatch(r"py3(\d+)-torch([\d.]+)-tf([\d.]+)", name).groups()
        for name in matrix.split(", ")
    ]

    rows = re.findall(r"^\| 3\.(\d+) \| ([\d.]+) \| ([\d.]+) \|", _text("README.md"), re.MULTILINE)

    assert rows == versions
