from pathlib import Path

import pytest

from benchsuite.hooks import load_plugins
from benchsuite.run import conduct, make_spec

FAULTS = Path(__file__).parent / "faults.py"


class Watch:
    """An observer that notes what it is told."""

    def __init__(self):
        self.told = []

    def case_started(self, case, index, total):
        self.told.append(("case", case.backend, index, total))

    def task_started(self, case, task):
        self.told.append(("task", case.backend, task))

    def epoch_ended(self, case, number, epoch):
        self.told.append(("epoch", case.backend, number, epoch))

    def case_ended(self, record):
        self.told.append(("record", record.case.backend, record.status))


@pytest.fixture
def watch():
    return Watch()


@pytest.fixture
def plugins(native_plugins):
    return load_plugins([*native_plugins, str(FAULTS)])


@pytest.fixture
def run_cases(plugins, tmp_path):
    """Run cases of the smallest network there is, in backends of the tests' own."""

    def run(backends, observer=None, **options):
        spec = make_spec(
            {
                "archs": ["softmax_regression"],
                "backends": backends,
                "dataset": "stripes",
                "epochs": 1,
                "protocol": "smoke-1",
                "results": str(tmp_path / "results"),
                **options,
            }
        )
        return conduct(spec, plugins, observer or Watch())

    return run
