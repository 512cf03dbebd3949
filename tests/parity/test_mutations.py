"""The certificate fails for every pitfall, and holds where nothing is wrong."""

from pathlib import Path
from runpy import run_path

import pytest
from pitfall_networks import PITFALLS

from benchsuite.parity.subjects import UPDATE_RULES, find_subject
from benchsuite.parity.worker import Question, compare, write_reference
from benchsuite.testing import NumpyBackend

MUTATIONS = run_path(str(Path(__file__).with_name("mutations.py")))["MUTATIONS"]


SUBJECTS = {
    "network": PITFALLS,
    "rules": find_subject(UPDATE_RULES, None),
}


@pytest.fixture(scope="module")
def references(tmp_path_factory):
    folders = {}
    for name, subject in SUBJECTS.items():
        folders[name] = tmp_path_factory.mktemp(name)
        answer = write_reference(subject, folders[name])
        assert not answer.degenerate
    return folders


def complaints(backend, references):
    """Every check that fails, of both subjects."""
    answers = (
        compare(subject, backend, Question(subject=name, folder=str(references[name])))
        for name, subject in SUBJECTS.items()
    )
    return [check for answer in answers for check in answer.checks if not check.passed]


def test_nothing_is_wrong_with_the_reference(references):
    assert complaints(NumpyBackend(), references) == []


@pytest.mark.parametrize("wrong", MUTATIONS.values(), ids=MUTATIONS)
def test_certificate_fails(references, wrong):
    assert complaints(wrong(), references)


def test_every_pitfall_of_model_optimiser_and_metric_is_switched_on():
    rows = {int(name.partition(":")[0]) for name in MUTATIONS}
    # 23 is the core's resizing; 28 to 31 and 33 are of speed and memory
    assert set(range(1, 41)) - rows == {23, 28, 29, 30, 31, 33}


def test_weights_without_a_gradient_are_named(tmp_path):
    """BatchNorm takes the mean of what comes into it away: a bias before it has no gradient."""
    answer = write_reference(SUBJECTS["network"], tmp_path)
    said = "(in training: a BatchNorm behind it takes its mean away)"
    assert answer.cancelled == (
        "attention.in_proj_bias (keys: softmax cancels them)",
        f"stem.bias {said}",
    )
