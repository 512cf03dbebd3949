"""A worker imports what it needs: what else it imports delays every process of every case."""

import subprocess
import sys

import pytest

from benchsuite.processes.tasks import TASKS

#: Rooms and modules of the harness.
HARNESS = {
    *("benchsuite.api", "benchsuite.cli", "benchsuite.orchestration", "benchsuite.parity"),
    *("benchsuite.planning", "benchsuite.report", "benchsuite.testing"),
    *("benchsuite.processes.local", "benchsuite.processes.channel"),
    *("benchsuite.processes.monitor", "benchsuite.records.store"),
}
#: Of training, or of data sets that need them.
TRAINING = {"benchsuite.data", "benchsuite.training", "benchsuite.processes.interpreter", "PIL"}
OTHERS = {
    *("click", "jinja2", "lark", "pandas", "plotly", "pooch", "requests", "rich", "safetensors"),
    *("scipy", "sklearn", "tabulate", "yaml"),
}
PROGRAM = """
import sys
import benchsuite.worker.serve
from benchsuite.hooks import load_plugins
from benchsuite.processes.tasks import TASKS, load
load_plugins()
for name in sys.argv[1:]:
    load(TASKS[name].function)
print(*sys.modules)
"""


def loaded(*tasks):
    command = [sys.executable, "-c", PROGRAM, *tasks]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_worker_imports_neither_the_harness_nor_any_task():
    found = loaded()
    assert found & (HARNESS | TRAINING | OTHERS) == set()
    assert {name for name in found if name.startswith("benchsuite.worker.tasks")} == set()
    assert {"benchsuite.worker.serve", "benchsuite.hooks"} <= found


@pytest.mark.parametrize("task", TASKS)
def test_task_imports_what_it_needs_alone(task):
    found = loaded(task)
    assert found & (HARNESS | OTHERS) == set()
    if task != "train":
        assert found & TRAINING == set()
