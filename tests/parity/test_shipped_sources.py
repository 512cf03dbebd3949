"""A fault in the shipped backends is caught, by `verify` or by the conformance kit.

`tests/shipped_faults.txt` lists them; the test's id names the fault.
"""

import pytest
from pitfall_networks import MANY_OPS, PITFALLS
from shipped_faults import faulty, read_faults

from benchsuite.hooks import load_plugins
from benchsuite.parity.subjects import UPDATE_RULES, find_subject
from benchsuite.parity.worker import Question, compare, write_reference
from benchsuite.testing import BackendConformance

SUBJECTS = {"many_ops": MANY_OPS, "pitfalls": PITFALLS, "rules": find_subject(UPDATE_RULES, None)}
#: By package: a backend, and where its class is.
BACKENDS = {
    "benchsuite_torch": ("torch", "benchsuite_torch.backend:TorchBackend"),
    "benchsuite_keras": (
        "keras-tensorflow",
        "benchsuite_keras.on_tensorflow.backend:TensorFlowBackend",
    ),
}
PLUGINS = load_plugins()
#: Of the packages, those whose backend can run here.
INSTALLED = [
    package
    for package, (name, _) in BACKENDS.items()
    if name in PLUGINS.backends and not PLUGINS.backends[name].target.missing()
]
FAULTS = [fault for fault in read_faults() if fault.package in INSTALLED]

pytestmark = [pytest.mark.slow, pytest.mark.frameworks]


@pytest.fixture(scope="module")
def references(tmp_path_factory):
    folders = {name: tmp_path_factory.mktemp(name) for name in SUBJECTS}
    for name, subject in SUBJECTS.items():
        assert not write_reference(subject, folders[name]).degenerate
    return folders


def found_by_verify(backend, references):
    """What certificates say against a backend, or an empty text."""
    for name, subject in SUBJECTS.items():
        try:
            answer = compare(
                subject, backend(), Question(subject=name, folder=str(references[name]))
            )
        except Exception as error:  # noqa: BLE001 - `verify` reports it, whatever it is
            return f"{name}: {error}"
        if wrong := [check for check in answer.checks if not check.passed]:
            return f"{name}: {wrong[0].quantity} in {wrong[0].worst}"
    return ""


def found_by_kit(backend):
    """Of what a framework draws by itself there is no reference: the kit reads it off."""
    kit = type("Kit", (BackendConformance,), {"create": lambda _: backend()})()
    try:
        kit.test_dropout_draws_every_element_by_itself()
        kit.test_stochastic_depth_draws_every_image_by_itself()
    except AssertionError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("package", INSTALLED)
def test_nothing_is_said_against_backends_as_shipped(references, package):
    backend = PLUGINS.backends[BACKENDS[package][0]].load()
    assert found_by_verify(backend, references) + found_by_kit(backend) == ""


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.package}-{fault.name}")
def test_fault_is_caught(references, fault):
    with faulty(fault, BACKENDS[fault.package][1]) as backend:
        assert found_by_verify(backend, references) or found_by_kit(backend)


def test_every_fault_stands_in_the_sources_once():
    assert len(FAULTS) == len({(fault.package, fault.name) for fault in FAULTS})
    assert len(read_faults()) >= 90
