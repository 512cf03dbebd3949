import subprocess
import sys

import pytest

from benchsuite.hooks import load_plugins
from benchsuite.testing import check_plugin_is_light
from benchsuite_keras import benchsuite_backends

NAMES = ("keras-jax", "keras-tensorflow", "keras-torch")


def test_declaration_imports_no_framework():
    check_plugin_is_light("benchsuite_keras")


def test_declaration_is_found_as_an_installed_plugin():
    plugins = load_plugins()
    assert plugins.info("keras").distribution == "benchsuite-keras"
    assert {name: plugins.backends[name].plugin for name in NAMES} == dict.fromkeys(NAMES, "keras")


@pytest.mark.parametrize("name", NAMES)
def test_declaration_sets_the_framework_before_the_process_starts(name):
    target = benchsuite_backends()[name]
    framework = name.removeprefix("keras-")
    assert target.environment["KERAS_BACKEND"] == framework
    assert target.requires == ("keras", framework)
    assert target.install == f"pip install 'benchsuite-keras[{framework}]'"


_SECOND_BACKEND = """
import os, sys
os.environ.pop("KERAS_BACKEND", None)
from benchsuite_keras import backends, benchsuite_backends
from benchsuite.errors import UsageError
names = [n.removeprefix("keras-") for n, t in benchsuite_backends().items() if not t.missing()]
first, second = names[-1], "jax" if names[-1] != "jax" else "torch"
print(getattr(backends, first)().name == f"keras-{first}")
try:
    getattr(backends, second)()
except UsageError as error:
    print(error)
"""


def test_backend_refuses_a_second_framework_in_one_process():
    command = [sys.executable, "-W", "ignore", "-c", _SECOND_BACKEND]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    opened, refusal = run.stdout.splitlines()
    assert opened == "True"
    assert "Keras already runs on" in refusal
    assert "start a new one" in refusal
