"""Every installed backend computes what the reference defines, for every architecture.

In float64 on the CPU, with weights that leave no part of a network without effect.
"""

import itertools
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchsuite.hooks import load_plugins

PLUGINS = load_plugins()
BACKENDS = [
    name
    for name in ("torch", "keras-tensorflow", "keras-jax", "keras-torch")
    if name in PLUGINS.backends and not PLUGINS.backends[name].target.missing()
]
SCRIPT = Path(__file__).parent / "outputs.py"


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """What a backend computes; each is asked once."""
    folder = tmp_path_factory.mktemp("parity")
    found = {}

    def ask(name):
        if name not in found:
            path = folder / f"{name}.npz"
            target = None if name == "numpy" else PLUGINS.backends[name].target
            subprocess.run(
                [sys.executable, SCRIPT, name, path],
                env={**os.environ, **(target.environment if target else {})},
                check=True,
            )
            found[name] = dict(np.load(path))
        return found[name]

    return ask


def disagreements(actual, expected, prefix, tolerance):
    """What differs by more than `tolerance` of its own scale, and by how much."""
    names = [name for name in expected if name.startswith(prefix)]
    assert names
    errors = {
        name: float(np.abs(actual[name] - expected[name]).max() / np.abs(expected[name]).max())
        for name in names
    }
    return {name: error for name, error in errors.items() if not error <= tolerance}


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
def test_logits_are_those_of_the_reference(outputs, backend):
    assert disagreements(outputs(backend), outputs("numpy"), "logits/", 1e-10) == {}


@pytest.mark.slow
@pytest.mark.parametrize(("one", "other"), list(itertools.pairwise(BACKENDS)))
def test_training_steps_agree_across_a_drop_of_the_learning_rate(outputs, one, other):
    assert disagreements(outputs(one), outputs(other), "losses/", 1e-9) == {}
    assert disagreements(outputs(one), outputs(other), "weights/", 1e-9) == {}
