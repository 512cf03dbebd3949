"""Ceilings: what the conformance kit cannot see of a framework's memory."""

import os

import pytest

from benchsuite.contract import Setup

on_jax = pytest.mark.skipif(os.environ["KERAS_BACKEND"] != "jax", reason="JAX's own arrays")


@on_jax
@pytest.mark.parametrize("precision", ["fp32", "fp64"])
def test_copy_is_in_memory_of_its_own(backend, precision):
    workload = backend.copy(Setup(precision=precision), 1000)
    (source,) = workload.operands

    copied = workload.submit()
    workload.synchronize()

    assert copied.unsafe_buffer_pointer() != source.unsafe_buffer_pointer()


@on_jax
def test_few_results_are_on_their_way_at_once(backend):
    """A window of large copies would fill the device."""
    workload = backend.copy(Setup(), 1000)
    for _ in range(20):
        workload.submit()

    assert len(workload._pending) == 4

    workload.synchronize()
    assert not workload._pending
