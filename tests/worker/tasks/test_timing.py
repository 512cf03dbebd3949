import pytest
from fake_nvml import gpu, install
from msgspec.structs import replace

from benchsuite.measure import protocol
from benchsuite.processes.messages import Job
from benchsuite.records.series import Series
from benchsuite.testing import NumpyBackend, NumpySession
from benchsuite.worker.tasks.context import TaskContext
from benchsuite.worker.tasks.timing import measure_time

_PARTS = ["training_forward", "training_backward"]


class _WithoutParts(NumpySession):
    run_part = property()


@pytest.fixture
def on_a_gpu(plan_cases, plugins, monkeypatch):
    """A task on a machine with a GPU that is held down by its power limit, or so it believes."""
    install(monkeypatch, gpu(CurrentClocksEventReasons=0x4))
    monkeypatch.setitem(protocol.PROTOCOLS, "smoke-2", replace(protocol.SMOKE, thorough=True))
    (case,) = plan_cases(["numpy-linear"])
    backend = plugins.backends["numpy-linear"].load()()
    backend.devices = lambda: ("cuda:0",)
    backend.device_name = lambda device: "a GPU"
    case = replace(case, device="cuda:0")
    job = Job(task="time", log="", inference_batch_sizes=(2,))
    return TaskContext(job, case, plugins, backend)


def test_every_timed_figure_has_the_state_of_the_gpu_and_its_flags(on_a_gpu):
    *found, machine_facts = measure_time(on_a_gpu)
    series = [one for one in found if isinstance(one, Series)]

    timed = {one.metric: one for one in series if one.metric not in ("import", "build")}
    assert list(timed) == [
        *("latency", "latency_host", "inference_throughput", "training_throughput")
    ]
    for one in timed.values():
        assert one.reading.accelerator.sm_mhz == 1900
        assert "power_capped" in one.flags
    assert machine_facts.ledger["time.gpu_power_limit_w"] == "700"


@pytest.fixture
def sampled(plan_cases, plugins, monkeypatch):
    """A function that gives the series of one process."""

    def sample(session=NumpySession, *, thorough=True):
        used = replace(protocol.SMOKE, thorough=thorough)
        monkeypatch.setitem(protocol.PROTOCOLS, "smoke-2", used)
        backend = type("Backend", (NumpyBackend,), {"session_class": session})()
        (case,) = plan_cases(["numpy-linear"])
        task = TaskContext(Job(task="time", log=""), case, plugins, backend)
        return [found for found in measure_time(task) if isinstance(found, Series)]

    return sample


def test_training_step_is_followed_by_its_parts(sampled):
    step, *parts = sampled()[-3:]

    assert step.metric == "training_throughput"
    assert [part.metric for part in parts] == _PARTS
    assert {part.batch_size for part in parts} == {step.batch_size}


def test_parts_are_measured_where_the_protocol_is_thorough(sampled):
    assert sampled(thorough=False)[-1].metric == "training_throughput"


def test_session_without_parts_is_measured_without(sampled):
    assert sampled(_WithoutParts)[-1].metric == "training_throughput"


@pytest.fixture
def timed(plan_cases, plugins, monkeypatch):
    """What the task yields of a small network, with so many rounds of its protocol."""

    def timed(rounds):
        monkeypatch.setitem(protocol.PROTOCOLS, "smoke-2", replace(protocol.SMOKE, rounds=rounds))
        (case,) = plan_cases(["numpy-linear"])
        backend = plugins.backends["numpy-linear"].load()()
        job = Job(task="time", log="", inference_batch_sizes=(4,))
        task = TaskContext(job, case, plugins, backend)
        return list(measure_time(task))

    return timed


@pytest.mark.parametrize(("rounds", "anchors"), [((1,), 0), ((3,), 1)])
def test_the_anchor_is_for_protocols_that_have_several_processes(timed, rounds, anchors):
    metrics = [one.metric for one in timed(rounds) if isinstance(one, Series)]
    assert metrics.count("anchor") == anchors


def test_opening_the_network_counts_as_measuring_where_a_figure_includes_it(timed):
    *found, machine_facts = timed((1,))
    series = [one for one in found if isinstance(one, Series)]
    phases = {phase.name: phase for phase in machine_facts.phases}
    (build,) = (one for one in series if one.metric == "build")
    assert phases["open"].measuring
    assert build.samples == (round(phases["open"].seconds * 1e9),)
