"""One process of a case, with a session of the test's own."""

import math

import pytest
from msgspec.structs import replace
from runs import plan_cases, plugins, spec_of  # noqa: F401 - fixtures

from benchsuite.data import normalize
from benchsuite.measure import protocol
from benchsuite.measure.proofs import product, steps
from benchsuite.processes.messages import Job
from benchsuite.records import Findings
from benchsuite.worker.tasks.context import TaskContext
from benchsuite.worker.tasks.timing import measure_time
from benchsuite.worker.tasks.train import _data, train_and_evaluate


@pytest.fixture
def prove_timing(plan_cases, plugins, monkeypatch):  # noqa: F811 - fixtures
    """A function: the proofs of a process that times LeNet-5 at batch 12, by name."""
    monkeypatch.setattr(product, "_PATIENCE_S", 0.5)
    monkeypatch.setattr(steps, "_QUICK_S", math.inf)  # however busy the machine is
    quick = replace(protocol.SMOKE, thorough=True, window_calls=2)
    monkeypatch.setitem(protocol.PROTOCOLS, "smoke-2", quick)
    (planned,) = plan_cases(["numpy-linear"])
    job = Job(task="time", log="", inference_batch_sizes=(12,))

    def prove(backend, **changes):
        lenet5 = {"architecture": "lenet5", "input_shape": (28, 28, 1), "num_classes": 10}
        sizes = {"inference_batch_size": 12, "training_batch_size": 12, "threads": 1}
        recipe = replace(planned.recipe, lr=0.01)
        case = replace(planned, **lenet5, **sizes, **{"recipe": recipe, **changes})
        task = TaskContext(job, case, plugins, backend)
        found = [one for one in measure_time(task) if isinstance(one, Findings)]
        return [proof for one in found for proof in one.proofs]

    return prove


@pytest.fixture
def prove_evaluation(plan_cases, plugins):  # noqa: F811 - fixtures
    """A function: the findings of a process that trains and evaluates, and why it failed."""
    (case,) = plan_cases(["numpy-linear"])

    def prove(backend):
        task = TaskContext(Job(task="train", log=""), case, plugins, backend)
        found = []
        reason = ""
        try:
            for one in train_and_evaluate(task):
                found.append(one)  # noqa: PERF402 - kept where it raises
        except Exception as error:  # noqa: BLE001 - whatever it is, it is compared
            reason = str(error)
        return found[0], reason

    return prove


@pytest.fixture
def list_of_images(plan_cases, plugins):  # noqa: F811 - fixtures
    """The test split's labels by the bytes of its images, as a backend could have them."""
    (case,) = plan_cases(["numpy-linear"])
    data, _ = _data(TaskContext(Job(task="train", log=""), case, plugins, None))
    images = normalize(data.test.images[:], data.normalizer)
    return {
        image.tobytes(): int(label) for image, label in zip(images, data.test.labels, strict=True)
    }
