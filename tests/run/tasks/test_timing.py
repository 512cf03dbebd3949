import pytest
from msgspec.structs import replace

from benchsuite.measure import protocol
from benchsuite.records.series import Series
from benchsuite.run import plan
from benchsuite.run.tasks import TaskAtWork
from benchsuite.run.tasks.timing import measure_time
from benchsuite.testing import NumpyBackend, NumpySession

_PARTS = ["training_forward", "training_backward"]


class _WithoutParts(NumpySession):
    run_part = property()


@pytest.fixture
def sampled(spec_of, plugins, monkeypatch):
    """A function that gives the series of one process."""

    def sample(session=NumpySession, *, thorough=True):
        used = replace(protocol.SMOKE, thorough=thorough)
        monkeypatch.setitem(protocol.PROTOCOLS, "smoke-2", used)
        backend = type("Backend", (NumpyBackend,), {"session_class": session})()
        case = plan(spec_of(["numpy-linear"]), plugins)[0]
        task = TaskAtWork("time", case, plugins, backend)
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
