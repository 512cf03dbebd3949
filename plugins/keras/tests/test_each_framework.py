"""Runs `per_backend/` on every installed framework, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchsuite_keras import benchsuite_backends

BACKENDS = benchsuite_backends()


def test_each_framework_is_installed_somewhere():
    assert any(not target.missing() for target in BACKENDS.values())


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name == "keras-tensorflow" else pytest.mark.slow)
        for name in BACKENDS
    ],
)
def test_each_framework_passes_its_tests(name):
    target = BACKENDS[name]
    if target.missing():
        pytest.skip(f"{name} needs {', '.join(target.missing())}")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "per_backend"],
        cwd=Path(__file__).parent,
        env={**os.environ, **target.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert " passed" in run.stdout
