"""The certificate fails for every pitfall, and holds where nothing is wrong."""

from pathlib import Path
from runpy import run_path

import pytest

from benchsuite.graph import Builder
from benchsuite.graph.initializers import zeros
from benchsuite.parity.subjects import UPDATE_RULES, Network, find_subject
from benchsuite.parity.worker import Question, compare, write_reference
from benchsuite.testing import NumpyBackend

MUTATIONS = run_path(str(Path(__file__).with_name("mutations.py")))["MUTATIONS"]


def network(size, channels):
    """A small network with a part for every pitfall of the model."""
    net = Builder()
    x = net.input((size, size, channels))
    x = net.conv(x, 8, 3, stride=2, padding=1, name="stem")
    x = net.max_pool(net.batch_norm(x, name="bn1"), 3, stride=2, padding=1)
    x = net.local_response_norm(x, 3, alpha=0.1, beta=0.75, k=2.0)
    x = net.conv(x, 8, 3, padding=1, groups=8, bias=False, name="depthwise")
    with net.scope("bottleneck"):
        y = net.relu(net.batch_norm(net.conv(x, 6, 1, bias=False, name="conv1"), name="bn1"))
        y = net.conv(y, 8, 3, stride=2, padding=1, bias=False, name="conv2")
        y = net.batch_norm(y, name="bn2")
        shortcut = net.conv(x, 8, 1, stride=2, bias=False, name="downsample")
        x = net.add(y, shortcut)
    x = net.avg_pool(net.gelu(x), 3, stride=1, padding=1)
    tokens = net.layer_norm(net.image_to_sequence(x), name="ln", epsilon=1e-6)
    tokens = net.self_attention(tokens, 2, name="attention")
    tokens = net.position_embedding(tokens, name="positions", init=zeros)
    x = net.concat(net.flatten(x), net.select_token(tokens, 1))
    net.dense(net.dropout(x, 0.0), 5, name="fc")
    return net.graph("pitfalls")


SUBJECTS = {
    "network": Network("pitfalls", "", (network(32, 3), network(33, 1))),
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
