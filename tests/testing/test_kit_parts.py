"""What the kit is made of: cases, random weights, the lightness check, the public names."""

import subprocess
import sys

import numpy as np
import pytest

import benchsuite.testing
from benchsuite.contract import Setup
from benchsuite.graph import OPS
from benchsuite.hooks import load_plugins
from benchsuite.testing import (
    NumpyBackend,
    check_plugin_is_light,
    op_cases,
    random_images,
    random_weights,
)
from benchsuite.testing.conformance.kit import aligned, plain_network


def test_every_op_has_a_case_of_its_own():
    assert {case.op for case in op_cases()} == set(OPS)
    assert all(case.op in case.graph.ops for case in op_cases())


def test_cases_have_distinct_names_and_end_in_vectors():
    names = [str(case) for case in op_cases()]
    assert len(set(names)) == len(names)
    assert all(len(case.graph.output.shape) == 1 for case in op_cases())


def test_cases_show_clipping_and_padding():
    """Images reach above 6 for relu6, and are negative where a padding of zeros would win."""
    by_op = {case.op: case for case in op_cases() if case.op in ("relu6", "max_pool")}
    relu6 = by_op["relu6"]
    assert random_images(relu6.graph, spread=relu6.spread).max() > 6
    padded = next(case for case in op_cases() if case.name.startswith("max_pool-3x3-stride2-pad"))
    assert random_images(padded.graph, mean=padded.mean).max() < 0


def _networks():
    architectures = load_plugins().architectures
    for name, shape in (("lenet5", (12, 12, 1)), ("cnn_advanced", (24, 24, 1))):
        yield architectures[name].load().trace(shape, 3)
    for case in op_cases():
        if case.name.startswith(("add-residual-block", "self_attention-encoder-layer")):
            yield case.graph


@pytest.mark.parametrize("graph", tuple(_networks()), ids=lambda graph: graph.name)
def test_random_weights_leave_no_weight_without_effect(graph):
    """The degeneracy guard: a change of any single tensor moves the logits."""
    weights = random_weights(graph, dtype=np.float64)
    images = random_images(graph, 2)
    session = NumpyBackend().open(graph, weights, Setup(precision="fp64"))
    logits = session.predict(images)
    for name, array in weights.items():
        session.set_weights({**weights, name: array * 1.1})
        moved = np.abs(session.predict(images) - logits).max() / np.abs(logits).max()
        assert moved > 1e-4, name


def test_random_weights_lie_where_they_say():
    graph = load_plugins().architectures["resnet18_cifar"].load().trace((8, 8, 3), 10)
    weights = random_weights(graph)
    for name, array in weights.items():
        assert array.dtype == np.float32
        if name.endswith("running_var") or (name.endswith("weight") and array.ndim == 1):
            assert 0.5 <= array.min() < 0.6
            assert 1.4 < array.max() <= 1.5
        elif name.endswith("weight"):
            expected = np.sqrt(2 / np.prod(array.shape[1:]))
            assert array.std() == pytest.approx(expected, rel=0.05)
        else:
            assert 0.1 <= np.abs(array).min() <= np.abs(array).max() <= 0.5
            assert array.min() < 0 < array.max()


def test_plain_network_has_what_the_backend_claims():
    everything = plain_network(frozenset(OPS))
    assert everything.ops == {"input", "conv", "flatten", "batch_norm", "dense", "tanh"}
    assert any(not weight.trainable for weight in everything.weights.values())
    assert plain_network(frozenset({"input", "flatten", "dense"})).ops == {
        "input",
        "flatten",
        "dense",
    }


def test_random_weights_depend_on_seed_and_name_alone():
    graph = op_cases()[0].graph
    first, again, other = (random_weights(graph, seed) for seed in (0, 0, 1))
    for name, array in first.items():
        assert np.array_equal(again[name], array)
        assert not np.array_equal(other[name], array)


def test_aligned_copies_start_on_the_boundary():
    weights = random_weights(op_cases()[0].graph)
    copies = aligned(weights)
    for name, array in weights.items():
        assert np.array_equal(copies[name], array)
        assert copies[name].ctypes.data % 64 == 0
        assert not np.shares_memory(copies[name], array)


def test_check_plugin_is_light_accepts_light_modules():
    check_plugin_is_light("benchsuite.reference.plugin")
    check_plugin_is_light("benchsuite.builtin")


def test_check_plugin_is_light_names_what_is_heavy():
    with pytest.raises(AssertionError, match=r"'benchsuite\.contract' also imports numpy"):
        check_plugin_is_light("benchsuite.contract")


def test_check_plugin_is_light_shows_a_failing_import():
    with pytest.raises(AssertionError, match="No module named 'no_such_plugin'"):
        check_plugin_is_light("no_such_plugin")


def test_public_names_are_there():
    for name in benchsuite.testing.__all__:
        module = getattr(benchsuite.testing, name).__module__
        assert module.startswith(("benchsuite.testing.", "benchsuite.reference."))
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = benchsuite.testing.Nothing


def test_importing_the_package_needs_no_pytest():
    """The reference is for programs too; only the kit is for pytest."""
    script = (
        "import sys; from benchsuite.testing import NumpyBackend, op_cases, random_weights; "
        "op_cases(); print('pytest' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "False"
