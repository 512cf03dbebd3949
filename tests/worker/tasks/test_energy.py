import pytest
from msgspec.structs import replace

from benchsuite.measure import protocol
from benchsuite.measure.machine import energy as measuring
from benchsuite.measure.machine.energy import Counter
from benchsuite.processes import local
from benchsuite.processes.messages import Job
from benchsuite.records import Findings
from benchsuite.worker.tasks import energy as task_module
from benchsuite.worker.tasks.context import TaskContext
from benchsuite.worker.tasks.energy import spend_energy


class Ticking:
    """Another joule at each look."""

    def __init__(self):
        self.joules = 0

    def read(self):
        self.joules += 1
        return [self.joules * 1_000_000]


@pytest.fixture
def counting(monkeypatch):
    """A protocol with windows of energy, and a device that counts it, or none."""
    wanted = replace(protocol.SMOKE, energy_windows=2)
    monkeypatch.setitem(protocol.PROTOCOLS, "smoke-2", wanted)
    monkeypatch.setattr(measuring, "WINDOW_S", 0.05)

    def count(*, there=True):
        counter = Counter(Ticking().read, [None]) if there else None
        for module in (local, task_module):
            monkeypatch.setattr(module, "find_counter", lambda device: counter)

    return count


@pytest.fixture
def task(plan_cases, plugins):
    (case,) = plan_cases(["numpy-linear"])
    backend = plugins.backends["numpy-linear"].load()()
    return TaskContext(Job(task="energy", log=""), case, plugins, backend, cpus=(0,))


def test_task_measures_the_idle_machine_and_then_the_throughputs_batch(counting, task):
    counting()

    idle, busy, machine_facts = spend_energy(task)

    assert (idle.metric, busy.metric) == ("idle_power", "energy_per_image")
    assert "under_parallel" not in idle.flags
    assert busy.batch_size == task.case.inference_batch_size
    assert busy.energy_uj == (1_000_000, 1_000_000)
    assert isinstance(machine_facts, Findings)


def test_task_opens_nothing_without_a_counter(counting, task):
    counting(there=False)

    assert list(spend_energy(task)) == []
    assert task.phases == []


def told_tasks(watch):
    return [entry[2] for entry in watch.told if entry[0] == "task"]


def test_energy_is_measured_once_after_the_rounds(counting, run_cases, watch):
    counting()
    run_cases(["numpy-linear", "oddversion"], watch)

    both = ["energy", "energy"]
    assert told_tasks(watch)[-2:] == both
    assert [task for task in told_tasks(watch) if task == "energy"] == both


@pytest.mark.parametrize("windows", [0, 2])
def test_no_process_is_started_for_energy_that_nobody_counts_or_wants(
    counting, run_cases, watch, monkeypatch, windows
):
    counting(there=windows == 0)
    wanted = replace(protocol.SMOKE, energy_windows=windows)
    monkeypatch.setitem(protocol.PROTOCOLS, "smoke-2", wanted)
    run_cases(["numpy-linear"], watch)

    assert "energy" not in told_tasks(watch)


def test_case_that_failed_is_not_measured(counting, run_cases, watch):
    counting()
    run = run_cases(["raises"], watch)

    assert told_tasks(watch) == ["memory"]
    assert not list((run.folder / "samples").glob("*"))
