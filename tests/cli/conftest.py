import sys

import pytest
from click.testing import CliRunner

from benchsuite.cli import cli

BROKEN = """
from benchsuite import Target, hookimpl

@hookimpl
def benchsuite_backends():
    return {"acme": Target("m:x", "Acme", requires=("no_such_module",), install="pip install acme")}

@hookimpl
def benchsuite_architectures():
    return {"acme_net": Target("no_such_module:net", "A net that is not there")}
"""


@pytest.fixture
def benchsuite(monkeypatch, tmp_path):
    """A function that runs the command line in an empty folder and returns click's result."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def invoke(*arguments, **environment):
        words = [str(argument) for argument in arguments]
        return CliRunner().invoke(cli, words, prog_name="benchsuite", env=environment)

    return invoke


@pytest.fixture
def acme(tmp_path):
    """A plugin's file, with a backend that is not installed and a network that is missing."""
    file = tmp_path / "acme_plugin.py"
    file.write_text(BROKEN)
    yield file
    sys.modules.pop(file.stem, None)
