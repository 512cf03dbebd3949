import os
from pathlib import Path

import psutil
import pytest

from benchsuite.hooks import load_plugins
from benchsuite.orchestration import orchestrate
from benchsuite.planning import make_spec

HERE = Path(__file__).parent
EXAMPLE = HERE.parent.parent.parent / "docs" / "example-plugin" / "src"


#: A backend's worker for tasks with the stock allocator, and one for those with a tuned one.
KEPT_WORKERS = 2


class Counts:
    """An observer that counts, as each case ends, the processes that live below this one."""

    def __init__(self):
        self.alive = []

    def __getattr__(self, name):
        return lambda *_: None

    def case_ended(self, record):
        children = psutil.Process().children(recursive=True)
        self.alive.append(sum(c.status() != psutil.STATUS_ZOMBIE for c in children))


@pytest.fixture(scope="module")
def crashes(tmp_path_factory):
    """A function that lets a backend of crashes.py misbehave, a case for each seed.

    Gives the run and, of each way to misbehave, its record; the last seed is a case that behaves.
    After each case none but kept workers are there; after the run no process that was started is
    left, and no file but the run's.
    """
    scratch = tmp_path_factory.mktemp("scratch")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(EXAMPLE)
        patch.setenv("PYTHONPATH", str(EXAMPLE), prepend=os.pathsep)
        patch.setenv("MARK_OF_THIS_TEST", str(scratch))
        patch.setattr("tempfile.tempdir", str(scratch))

        def run(backend, names=None, **options):
            plugins = load_plugins(["benchsuite_example", str(HERE / "crashes.py")])
            ways = [way.__name__ for way in plugins.backends[backend].load().ways]
            chosen = ways if names is None else names
            asked = {
                "archs": ["softmax_regression"],
                "backends": [backend],
                "dataset": "stripes",
                "epochs": 1,
                "protocol": "smoke",
                "seeds": [*map(ways.index, chosen), len(ways)],
                "results": str(tmp_path_factory.mktemp("results")),
                **options,
            }
            counts = Counts()
            found = orchestrate(make_spec(asked), plugins, counts)
            assert max(counts.alive) <= KEPT_WORKERS
            assert left_behind(str(scratch)) == []
            assert list(scratch.iterdir()) == []
            return found, dict(zip([*chosen, "behaves"], found.records, strict=True))

        yield run


def left_behind(mark):
    """Processes with the mark in their environment, and this one's own children, in words."""
    found = psutil.Process().children(recursive=True)
    for process in psutil.process_iter(["pid", "environ"]):
        marks = (process.info["environ"] or {}).get("MARK_OF_THIS_TEST")
        if marks == mark and process.pid != os.getpid():
            found.append(process)
    return [str(process) for process in found]
