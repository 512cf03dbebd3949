"""The kit fails a backend whose gradient of any op is nearly right, and names it."""

from types import MappingProxyType

import pytest

from benchsuite.graph import OPS
from benchsuite.reference.oracle import DERIVATIVES
from benchsuite.testing import NumpyBackend, NumpySession, Oracle
from benchsuite.testing.cases import EXAMPLE_SHAPES, examples_together
from benchsuite.testing.conformance import BackendConformance

#: Ops whose result has a gradient: an input has none.
TRAINED = [name for name in OPS if name != "input"]


def wrong_backend(op):
    """By its inputs, the gradient of one op is a hundredth too large."""

    def derivative(at):
        of_inputs, of_weights = DERIVATIVES[op](at)
        return tuple(1.01 * array for array in of_inputs), of_weights

    derivatives = MappingProxyType({**DERIVATIVES, op: derivative})
    oracle = type("WrongOracle", (Oracle,), {"derivatives": derivatives})
    session = type("Session", (NumpySession,), {"oracle_class": oracle})
    return type("Backend", (NumpyBackend,), {"session_class": session})


def kit_of(backend):
    return type("Kit", (BackendConformance,), {"create": lambda _: backend(), "trains": True})()


def smallest_shape(op):
    """Of the op's examples."""
    return min((example.shape for example in OPS[op].examples), key=EXAMPLE_SHAPES[::-1].index)


@pytest.mark.parametrize("op", TRAINED)
def test_kit_fails_a_wrong_gradient_of_every_op(op):
    kit, shape = kit_of(wrong_backend(op)), smallest_shape(op)
    with pytest.raises(AssertionError, match=rf"{op}\d+\.") as failed:
        kit.test_every_op_passes_gradients_on(shape)
    assert "gradients differ from the reference's (allowed 1e-08)" in str(failed.value)


@pytest.mark.parametrize("shape", [(2, 3, 8), (5, 4, 7), (1, 1, 6)])
def test_kit_accepts_the_references_gradients(shape):
    kit_of(NumpyBackend).test_every_op_passes_gradients_on(shape)


def test_kit_says_which_claimed_op_it_never_trains(monkeypatch):
    module = "benchsuite.testing.conformance.gradients.EXAMPLE_SHAPES"
    monkeypatch.setattr(module, ((2, 3, 8),))
    with pytest.raises(AssertionError, match=r"claimed, and never trained: adaptive_avg_pool, "):
        kit_of(NumpyBackend).test_every_claimed_op_is_trained()


def test_examples_together_leave_out_what_a_backend_lacks_or_refuses():
    whole = examples_together((7, 9, 3), frozenset(OPS), refusable=True)
    without = examples_together((7, 9, 3), frozenset(OPS), refusable=False)
    assert {"dense2.gain", "layer_norm0.gain"} <= {node.name for node in whole.nodes}
    assert {"dense2.gain", "layer_norm0.gain"}.isdisjoint(node.name for node in without.nodes)
    basic = frozenset({"input", "conv", "flatten", "dense", "add"})
    few = examples_together((7, 9, 3), basic, refusable=True)
    assert few.ops == basic
