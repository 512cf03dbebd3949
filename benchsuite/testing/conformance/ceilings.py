"""Ceilings, where a backend has them: right, really done, and truly timed."""

import re
from collections.abc import Callable
from functools import partial
from statistics import median
from time import perf_counter_ns

import numpy as np
import pytest
from numpy.typing import NDArray

from benchsuite.contract import CeilingBackend, Setup, Workload
from benchsuite.errors import UnsupportedError, UsageError
from benchsuite.testing.conformance.kit import Kit, require

_SIZE, _ELEMENTS = 48, 1000
#: As frameworks name the dtype that layers compute in.
_DTYPES = {"fp32": "float32", "bf16": "bfloat16", "fp16": "float16", "fp64": "float64"}
#: Rows of matrices that are multiplied against the clock, on a CPU and elsewhere: their product
#: takes much longer than a call's overhead, and than that of the small ones.
_SMALL, _LARGE_ON_CPU, _LARGE = 32, 512, 4096
_LEAST_GROWTH = 4
#: Looks at a clock, and calls in each: a busy machine does not deceive all of them. The first look
#: that satisfies a test is the last.
_LOOKS, _CALLS = 20, 5
#: Fetching a result may take so many times as long as computing it, and so long.
_HIDDEN, _HIDDEN_NS = 2.0, 500_000


class CeilingTests(Kit):
    """Skips a test where the backend has no ceilings."""

    def test_product_agrees_with_numpy(self) -> None:
        """Of its own operands, which are two square matrices, again and again."""
        for precision in self.precisions():
            workload = self._ceilings().multiply(self._setup(precision), _SIZE)
            factors = [self.to_numpy(operand).copy() for operand in workload.operands]
            shapes = [factor.shape for factor in factors]
            require(shapes == [(_SIZE, _SIZE)] * 2, f"multiply() has operands of shapes {shapes}")
            expected = factors[0].astype(np.float64) @ factors[1].astype(np.float64)
            for _ in range(2):
                product = self._fetched(workload)
                what = f"multiply() in {precision}"
                self.require_close(product, expected, what, self.tolerance[precision])

    def test_operands_are_random(self) -> None:
        """N(0, 1): zeros, and matrices all alike, are multiplied faster on some devices."""
        backend, setup = self._ceilings(), self._setup("fp32")
        for workload in (backend.multiply(setup, _SIZE), backend.copy(setup, _ELEMENTS)):
            arrays = [self.to_numpy(operand) for operand in workload.operands]
            spread = [float(array.std()) for array in arrays]
            require(all(0.9 < s < 1.1 for s in spread), f"operands have the spreads {spread}")  # noqa: PLR2004 - about 1
        first, second = map(self.to_numpy, backend.multiply(setup, _SIZE).operands)
        require(not np.array_equal(first, second), "a matrix is multiplied by itself")

    def test_copy_is_another_array_of_the_same_numbers(self) -> None:
        """Not the operand itself, where an array shows whose memory it is."""
        for precision in self.precisions():
            workload = self._ceilings().copy(self._setup(precision), _ELEMENTS)
            (source,) = map(self.to_numpy, workload.operands)
            copied = self._fetched(workload)
            require(source.shape == (_ELEMENTS,), f"copy() has an operand of shape {source.shape}")
            require(np.array_equal(copied, source), f"copy() in {precision} changes numbers")
            require(not np.shares_memory(copied, source), f"copy() in {precision} copies nothing")

    def test_ceilings_are_of_the_precision(self) -> None:
        """Operands and results have the dtype that layers compute in."""
        backend = self._ceilings()
        for precision in set(_DTYPES).intersection(backend.precisions):
            for make, extent in ((backend.multiply, _SIZE), (backend.copy, _ELEMENTS)):
                workload = make(self._setup(precision), extent)
                dtypes = [str(t.dtype) for t in (*workload.operands, workload.submit())]
                workload.synchronize()
                named = re.compile(rf"\b{_DTYPES[precision]}\b")
                require(
                    all(named.search(dtype) for dtype in dtypes),
                    f"{make.__name__}() in {precision} has {', '.join(dtypes)}",
                )

    def test_product_is_really_computed(self) -> None:
        """Larger matrices take longer, however often they were multiplied before."""
        backend, setup = self._ceilings(), self._setup("fp32")
        small, large = (backend.multiply(setup, size) for size in (_SMALL, self._large()))
        growth = 0.0
        for _ in range(_LOOKS):
            growth = max(growth, _call_ns(large) / _call_ns(small))
            if growth > _LEAST_GROWTH:
                break
        require(
            growth > _LEAST_GROWTH,
            f"matrices of {self._large()} rows are multiplied in {growth:.1f} times the time of "
            f"matrices of {_SMALL}: the product is kept, or never computed",
        )

    def test_synchronize_waits_for_the_product(self) -> None:
        """A result that is fetched comes no later than `synchronize` says that it is there."""
        workload = self._ceilings().multiply(self._setup("fp32"), self._large())
        self._fetched(workload)
        fetch = partial(_median_ns, lambda: self.to_numpy(workload.submit()))
        is_there = any(fetch() - _HIDDEN * _call_ns(workload) <= _HIDDEN_NS for _ in range(_LOOKS))
        require(is_there, "synchronize() returns before the product is there")

    def test_ceilings_refuse_what_is_not_there(self) -> None:
        """As `open` does."""
        backend = self._ceilings()
        for make in (backend.multiply, backend.copy):
            with pytest.raises(UnsupportedError, match="fp1"):
                make(Setup(device=self.device, precision="fp1"), _SIZE)
            with pytest.raises(UsageError, match="abacus:7"):
                make(Setup(device="abacus:7"), _SIZE)

    def _ceilings(self) -> CeilingBackend:
        backend = self.create()
        if not isinstance(backend, CeilingBackend):
            pytest.skip("has no ceilings")
        return backend

    def _setup(self, precision: str) -> Setup:
        return Setup(device=self.device, precision=precision)

    def _large(self) -> int:
        return _LARGE_ON_CPU if self.device == "cpu" else _LARGE

    def _fetched(self, workload: Workload) -> NDArray[np.floating]:
        result = workload.submit()
        workload.synchronize()
        return self.to_numpy(result)


def _call_ns(workload: Workload) -> float:
    def call() -> None:
        workload.submit()
        workload.synchronize()

    return _median_ns(call)


def _median_ns(call: Callable[[], object]) -> float:
    found = []
    for _ in range(_CALLS):
        start = perf_counter_ns()
        call()
        found.append(perf_counter_ns() - start)
    return median(found)
