"""How far a layer may be off in a lower precision: rounding stays within, faults do not."""

import numpy as np
import pytest

from benchsuite.graph import Builder
from benchsuite.parity.compare import rounded_tolerance
from benchsuite.parity.rounding import ROUNDING, layer_bounds
from benchsuite.parity.subjects import Network
from benchsuite.parity.worker import Question, compare, write_reference
from benchsuite.reference.nondegenerate import random_weights
from benchsuite.testing import NumpyBackend, NumpySession


def network(size, channels):
    net = Builder()
    x = net.conv(net.input((size, size, channels)), 16, 3, padding=1, name="conv")
    x = net.relu(net.batch_norm(x, name="bn"))
    x = net.flatten(net.avg_pool(x, 2))
    net.dense(net.gelu(net.dense(x, 24, name="fc1")), 5, name="fc2")
    return net.graph("rounded")


SUBJECT = Network("rounded", "f", (network(16, 3), network(17, 1)))


class OffInALayer(NumpySession):
    """One layer of an fp32 network is off by 4e-3 of its scale; the logits hardly move."""

    def activations(self, images):
        found = super().activations(images)
        found["fc1"] = found["fc1"] + np.float32(4e-3 * np.abs(found["fc1"]).max())
        return found


class OffBackend(NumpyBackend):
    session_class = OffInALayer


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reference")
    assert not write_reference(SUBJECT, folder, ("fp32", "bf16")).degenerate
    return folder


def checks(backend, folder):
    asked = Question(subject="rounded", folder=str(folder), precision="fp32")
    return {check.quantity: check for check in compare(SUBJECT, backend, asked).checks}


def test_rounding_alone_stays_within_the_bounds(folder):
    found = checks(NumpyBackend(), folder)
    assert {name: check.passed for name, check in found.items()} == {
        "counts": True,
        "layer outputs": True,
        "logits": True,
    }
    assert found["layer outputs"].error > 0


def test_a_layer_that_is_off_differs_though_the_logits_are_right(folder):
    found = checks(OffBackend(), folder)["layer outputs"]
    assert (found.passed, found.worst) == (False, "fc1")
    assert found.error == pytest.approx(4e-3, rel=0.01)


def test_bounds_grow_as_rounding_does():
    graph = network(16, 3)
    weights = {n: a.astype(np.float64) for n, a in random_weights(graph).items()}
    bounds = {precision: layer_bounds(graph, weights, precision) for precision in ("fp32", "bf16")}
    assert list(bounds["fp32"]) == [node.name for node in graph.nodes]
    for name, bound in bounds["fp32"].items():
        assert ROUNDING["fp32"] < bound < 1e-4, name
        assert ROUNDING["bf16"] < bounds["bf16"][name] < 1.0, name
        assert bounds["bf16"][name] > 100 * bound, name


def test_every_quantity_has_a_tolerance():
    tolerance = rounded_tolerance("bf16", {"conv": 1e-2, "fc": 3e-2})
    assert tolerance("counts", "MACs") == 0.0
    assert tolerance("layer outputs", "conv") == 1e-2
    assert tolerance("logits", "3 images") == 3e-2
    assert 0.1 < tolerance("update rule: adam", "movement of fc.weight") < 0.2
