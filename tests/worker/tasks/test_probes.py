import gc
import math
from dataclasses import replace
from types import SimpleNamespace

import pytest

from benchsuite.contract import Probe, Quantity
from benchsuite.errors import MissingDependencyError
from benchsuite.hooks import Registry, Target
from benchsuite.processes.messages import Job
from benchsuite.testing import NumpyBackend
from benchsuite.worker.tasks.context import TaskContext
from benchsuite.worker.tasks.timing import measure_time


def probe(measure, name="load", batch="one"):
    return Probe(Quantity(name=name, unit="W", better="lower", label="load", batch=batch), measure)


@pytest.fixture
def probed(plan_cases, plugins):
    """A function that gives the last series of a timed process with such an offer, and the case."""

    def measure(load):
        entry = SimpleNamespace(name="load", target=Target("mine:PROBE", "one"), load=load)
        with_it = replace(plugins, probes=Registry("probe", [entry]))
        (case,) = plan_cases(["numpy-linear"])
        *_, found, machine_facts = measure_time(
            TaskContext(Job(task="time", log=""), case, with_it, NumpyBackend())
        )
        assert machine_facts.versions
        return found, case

    return measure


def test_samples_are_kept_as_they_are_with_their_declaration(probed):
    mine = probe(lambda context: iter([1.5, -2]))
    found, _ = probed(lambda: mine)

    assert (found.metric, found.values, found.refused) == ("load", (1.5, -2.0), "")
    assert found.declared == mine.quantity
    assert found.reading.seconds > 0


@pytest.mark.parametrize(
    ("batch", "field"),
    [
        ("one", None),
        ("none", None),
        ("inference", "inference_batch_size"),
        ("training", "training_batch_size"),
    ],
)
def test_probe_gets_batches_of_the_size_that_it_declares(probed, batch, field):
    seen = []

    def measure(context):
        seen.append(context)
        return [float(len(context.batches[0].images))]

    found, case = probed(lambda: probe(measure, batch=batch))

    (context,) = seen
    size = getattr(case, field) if field else 1
    assert found.values == (size,)
    assert found.batch_size == size
    assert len(context.placed) == len(context.batches) > 1
    assert (context.device, context.learning_rate) == (case.device, case.recipe.lr)
    assert context.calls > 0


def test_probe_times_from_an_idle_device_to_an_idle_device_without_garbage_collection(probed):
    def measure(context):
        assert not gc.isenabled()
        yield context.timed(lambda: context.session.infer(context.placed[0]))

    found, _ = probed(lambda: probe(measure))

    assert 0 < found.values[0] < 1
    assert gc.isenabled()


def _break(context):
    yield 1.0
    raise KeyError("what")


def _missing():
    raise MissingDependencyError("probe 'load' needs acme, not installed: pip install acme")


@pytest.mark.parametrize(
    ("load", "why"),
    [
        (lambda: probe(_break), "KeyError: 'what'"),
        (lambda: probe(lambda context: []), "it gave no samples"),
        (lambda: probe(lambda context: None), "'NoneType' object is not iterable"),
        (lambda: probe(lambda context: ["much"]), "could not convert string to float: 'much'"),
        (lambda: probe(lambda context: [1.0, math.nan]), "1 of its 2 samples are no finite number"),
        (lambda: probe(lambda context: [1.0], name="lode"), "quantity is named 'lode', not 'load'"),
        (lambda: "a text", "'mine:PROBE' is a str, not a Probe"),
        (_missing, "pip install acme"),
    ],
)
def test_whatever_is_wrong_with_a_probe_costs_its_figure_alone(probed, load, why):
    found, _ = probed(load)

    assert found.metric == "load"
    assert found.values == ()
    assert why in found.refused
