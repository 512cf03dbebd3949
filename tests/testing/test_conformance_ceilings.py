"""The kit fails ceilings that are wrong, not computed, or badly timed."""

import numpy as np
import pytest

from benchsuite.contract import Setup
from benchsuite.reference.backend import NumpyWorkload
from benchsuite.testing import NumpyBackend


class _OneOffProduct(NumpyBackend):
    """Its own result goes into the next product."""

    def multiply(self, setup, size):
        workload = super().multiply(setup, size)

        def work(first, second, result):
            np.matmul(first, second, out=result)
            first += result

        workload._work = work
        return workload


class _Transposes(NumpyBackend):
    def multiply(self, setup, size):
        workload = super().multiply(setup, size)
        workload._work = lambda first, second, result: np.matmul(first.T, second, out=result)
        return workload


class _MultipliesZeros(NumpyBackend):
    def multiply(self, setup, size):
        workload = super().multiply(setup, size)
        workload.operands = tuple(map(np.zeros_like, workload.operands))
        return workload


class _Squares(NumpyBackend):
    def multiply(self, setup, size):
        workload = super().multiply(setup, size)
        workload.operands = workload.operands[:1] * 2
        return workload


class _CopiesNothing(NumpyBackend):
    def copy(self, setup, elements):
        workload = super().copy(setup, elements)
        workload._result = workload.operands[0]
        return workload


class _CopiesHalf(NumpyBackend):
    def copy(self, setup, elements):
        workload = super().copy(setup, elements)
        workload._work = lambda source, target: np.copyto(target[::2], source[::2])
        return workload


class _InDouble(NumpyBackend):
    def multiply(self, setup, size):
        super().multiply(setup, size)
        return super().multiply(Setup(precision="fp64"), size)


class _CopiesInDouble(NumpyBackend):
    def copy(self, setup, elements):
        super().copy(setup, elements)
        return super().copy(Setup(precision="fp64"), elements)


class _Kept(NumpyWorkload):
    """Multiplies once, and hands the product out ever after."""

    kept = None

    def submit(self):
        if self.kept is None:
            self.kept = super().submit()
        return self.kept


class _KeepsProducts(NumpyBackend):
    def multiply(self, setup, size):
        made = super().multiply(setup, size)
        return _Kept(made._work, made.operands, made._result)


class _Late:
    """A product that is computed when somebody looks."""

    dtype = np.dtype(np.float32)

    def __init__(self, compute):
        self._compute = compute

    def __array__(self, dtype=None, copy=None):
        return self._compute()


class _Lazy(NumpyWorkload):
    def submit(self):
        return _Late(super().submit)


class _NeverWaits(NumpyBackend):
    def multiply(self, setup, size):
        made = super().multiply(setup, size)
        return _Lazy(made._work, made.operands, made._result)


class _TakesAnything(NumpyBackend):
    def multiply(self, setup, size):
        return super().multiply(Setup(), size)


WRONG = (
    (_OneOffProduct, "test_product_agrees_with_numpy"),
    (_Transposes, "test_product_agrees_with_numpy"),
    (_MultipliesZeros, "test_operands_are_random"),
    (_Squares, "test_operands_are_random"),
    (_CopiesNothing, "test_copy_is_another_array_of_the_same_numbers"),
    (_CopiesHalf, "test_copy_is_another_array_of_the_same_numbers"),
    (_InDouble, "test_ceilings_are_of_the_precision"),
    (_CopiesInDouble, "test_ceilings_are_of_the_precision"),
    (_KeepsProducts, "test_product_is_really_computed"),
    (_NeverWaits, "test_synchronize_waits_for_the_product"),
)


@pytest.mark.parametrize(("backend", "test"), WRONG)
def test_kit_fails_wrong_ceilings(kit_complaints, backend, test):
    assert kit_complaints(backend, test)


def test_kit_fails_ceilings_that_take_any_setup(kit_complaints):
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        kit_complaints(_TakesAnything, "test_ceilings_refuse_what_is_not_there")
