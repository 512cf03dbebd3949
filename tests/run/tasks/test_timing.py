import numpy as np
import pytest
from msgspec.structs import replace

from benchsuite.hooks import load_plugins
from benchsuite.measure import protocol
from benchsuite.records.series import Series
from benchsuite.run.tasks.at_work import TaskAtWork
from benchsuite.run.tasks.timing import measure_time


@pytest.fixture
def timed(example_plugin, make_record, monkeypatch):
    """What the task yields of a small network, with rounds of its protocol's."""

    def timed(rounds):
        used = replace(protocol.SMOKE, name="test", rounds=rounds)
        monkeypatch.setitem(protocol.PROTOCOLS, "test", used)
        plugins = load_plugins([example_plugin])
        case = replace(
            make_record(backend="numpy-linear", protocol="test").case,
            architecture="softmax_regression",
            input_shape=(8, 8, 1),
        )
        backend = plugins.backends["numpy-linear"].load()()
        task = TaskAtWork("time", case, plugins, backend, inference_batch_sizes=(4,))
        return list(measure_time(task))

    return timed


def metrics(found):
    return [one.metric for one in found if isinstance(one, Series)]


@pytest.mark.parametrize(("rounds", "anchors"), [((1,), 0), ((3,), 1)])
def test_the_anchor_is_for_protocols_that_have_several_processes(timed, rounds, anchors):
    assert metrics(timed(rounds)).count("anchor") == anchors


def test_opening_the_network_counts_as_measuring_where_a_figure_includes_it(timed):
    found = timed((1,))
    phases = {phase.name: phase for phase in found[-1].phases}
    (build,) = (one for one in found if isinstance(one, Series) and one.metric == "build")
    assert phases["open"].measuring
    assert build.samples == (np.round(phases["open"].seconds * 1e9),)
