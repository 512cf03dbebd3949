"""Runs of a network so small that no framework is needed: fixtures of several folders."""

from pathlib import Path

import pytest

from benchsuite.hooks import load_plugins
from benchsuite.orchestration import orchestrate, plan
from benchsuite.planning import make_spec

_FOLDER = Path(__file__).parent / "processes" / "faults"
MODEST = str(Path(__file__).parent / "modest.py")
FAULTS = [str(_FOLDER / name) for name in ("faults.py", "full.py", "wrong_answers.py")]


class Watch:
    """An observer that notes what it is told."""

    def __init__(self):
        self.told = []

    def resumed(self, kept, again):
        self.told.append(("resumed", kept, again))

    def case_started(self, case, index, total):
        self.told.append(("case", case.backend, index, total))

    def task_started(self, case, task):
        self.told.append(("task", case.backend, task))

    def round_started(self, number, most):
        self.told.append(("round", number, most))

    def epoch_ended(self, case, number, epoch):
        self.told.append(("epoch", case.backend, number, epoch))

    def case_ended(self, record):
        self.told.append(("record", record.case.backend, record.status))


@pytest.fixture
def watch():
    return Watch()


@pytest.fixture
def plugins(native_plugins):
    return load_plugins([*native_plugins, *FAULTS, MODEST, "benchsuite.reference.plugin"])


@pytest.fixture
def spec_of(tmp_path):
    """The specification of a run of the smallest network there is."""

    def make(backends, **options):
        asked = {
            "archs": ["softmax_regression"],
            "backends": backends,
            "dataset": "stripes",
            "epochs": 1,
            "protocol": "smoke",
            "results": str(tmp_path / "results"),
            **options,
        }
        return make_spec({name: value for name, value in asked.items() if value is not None})

    return make


@pytest.fixture
def run_cases(plugins, spec_of):
    """Run cases in backends of the tests' own."""
    return lambda backends, observer=None, **options: orchestrate(
        spec_of(backends, **options), plugins, observer or Watch()
    )


@pytest.fixture
def plan_cases(plugins, spec_of):
    """Plan them, and no more."""
    return lambda backends, **options: plan(spec_of(backends, **options), plugins)
