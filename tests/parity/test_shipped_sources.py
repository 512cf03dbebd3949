"""A fault in the shipped backends is caught, by `verify` or by the conformance kit.

`tests/shipped_faults.txt` lists them; the test's id names the fault.
"""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import shipped_faults
from shipped_faults import AS_SHIPPED, BACKENDS, read_faults

from benchsuite.hooks import load_plugins

PLUGINS = load_plugins()
#: Of the packages, those whose backend can run here.
INSTALLED = [
    package
    for package, (name, _) in BACKENDS.items()
    if name in PLUGINS.backends and not PLUGINS.backends[name].target.missing()
]
CASES = [
    *((package, AS_SHIPPED) for package in INSTALLED),
    *((fault.package, fault.name) for fault in read_faults() if fault.package in INSTALLED),
]


@cache
def found(package):
    """In one process for all, on one thread: others wait for each other beside other tests."""
    command = [sys.executable, shipped_faults.__file__, package]
    paths = [str(Path(shipped_faults.__file__).parent), *sys.path]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(paths)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.frameworks
@pytest.mark.parametrize(
    ("package", "name"),
    [pytest.param(*case, marks=pytest.mark.xdist_group(f"faults-{case[0]}")) for case in CASES],
)
def test_fault_is_caught(package, name):
    said = found(package)[name]
    assert bool(said) == (name != AS_SHIPPED), said


def test_faults_have_names_of_their_own():
    names = [(fault.package, fault.name) for fault in read_faults()]
    assert len(names) == len(set(names)) >= 90
