"""Whether a figure is possible: what a measured product of matrices allows."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from time import perf_counter, perf_counter_ns

import numpy as np
from numpy.typing import NDArray

from benchsuite.contract import Backend, CeilingBackend, Session, Setup, Workload
from benchsuite.errors import BenchsuiteError
from benchsuite.graph.footprint import training_macs
from benchsuite.measure.proofs.compare import bound_of, error_of, proof, to_host
from benchsuite.metrics.declared import INFERENCE, LATENCY, TRAINING
from benchsuite.records import Proof
from benchsuite.records.series import Series

_NS_PER_S = 1e9
#: Fast convolutions need fewer products than the MACs that are counted (Lavin and Gray 2016:
#: four times fewer for 3×3 in tiles of 4×4).
ALLOWED = 4.0
#: Rows of the matrices; of each, products for so long and so many at least.
_SIZES, _SECONDS, _CALLS = (256, 512, 1024, 4096), 0.02, 3
#: A product that is expected to take longer is left out.
_LONGEST_S, _GROWTH = 0.05, 8
#: A figure is called impossible once products have been tried for so long: beside other programs,
#: the best of a few is far below what the device can do.
_PATIENCE_S = 5.0
#: Rows of a backend's product that are computed once more.
_CHECKED = 4
_NUMPY: Mapping[str, type[np.floating]] = {"fp32": np.float32, "fp64": np.float64}
_Multiply = Callable[[int], Workload]


class ProductCeiling:
    """The fastest product of matrices in a setup's precision, on its device and threads.

    By NumPy where it has the precision and the device is the CPU, and by the backend, where it
    multiplies. Raises BenchsuiteError where the backend's product is none.
    """

    def __init__(self, backend: Backend, setup: Setup) -> None:
        self._best = 0.0
        self._ways: list[_Multiply] = []
        if setup.device == "cpu" and setup.precision in _NUMPY:
            dtype = _NUMPY[setup.precision]
            self._ways.append(lambda size: _NumpyProduct(size, dtype))
        if isinstance(backend, CeilingBackend):
            plain, multiply = replace(setup, tier="native"), backend.multiply
            self._ways.append(lambda size: _checked(multiply(plain, size), setup.precision))

    def flops_per_s(self, wanted: float) -> float | None:
        """The best so far, tried again and again while it is below what is wanted.

        None where nothing multiplies.
        """
        ended = perf_counter() + _PATIENCE_S
        while self._ways and self._best < wanted:
            for multiply in self._ways:
                self._best = max(self._best, _fastest(multiply, wanted))
                if self._best >= wanted:
                    break
            if perf_counter() > ended:
                break
        return self._best or None


class _NumpyProduct:
    """See `benchsuite.contract.Workload`."""

    def __init__(self, size: int, dtype: type[np.floating]) -> None:
        draw = np.random.default_rng(0)
        first, second = (draw.random((size, size), np.float32).astype(dtype) for _ in range(2))
        self.operands = (first, second)
        self._result = np.zeros((size, size), dtype)

    def submit(self) -> NDArray[np.floating]:
        """The product, complete."""
        first, second = self.operands
        product: NDArray[np.floating] = np.matmul(first, second, out=self._result)
        return product

    def synchronize(self) -> None:
        """Nothing to wait for."""


def _fastest(multiply: _Multiply, wanted: float) -> float:
    """FLOP/s of ever larger products, until one is as fast as is wanted."""
    best = 0.0
    for size in _SIZES:
        work = multiply(size)
        taken, ended = [_taken_ns(work)], perf_counter() + _SECONDS
        while len(taken) < _CALLS or perf_counter() < ended:
            taken.append(_taken_ns(work))
        best = max(best, 2 * size**3 / min(taken) * _NS_PER_S)
        if best >= wanted or min(taken) * _GROWTH > _LONGEST_S * _NS_PER_S:
            break
    return best


def _taken_ns(work: Workload) -> int:
    work.synchronize()
    start = perf_counter_ns()
    work.submit()
    work.synchronize()
    return max(1, perf_counter_ns() - start)


def _checked(work: Workload, precision: str) -> Workload:
    """A backend that does not multiply would allow itself any speed."""
    result = to_host(work.submit())
    first, second = (to_host(operand) for operand in work.operands)
    rows = np.random.default_rng().integers(len(first), size=_CHECKED)
    if error_of(result[rows], first[rows] @ second) > bound_of(precision):
        raise BenchsuiteError("multiply() gave something else than the product of its operands")
    return work


def speed_proof(
    series: Series, session: Session, precision: str, ceiling: ProductCeiling
) -> Iterator[Proof]:
    """Whether the products that a figure stands for fit into its time.

    Nothing is proven where nothing multiplies, nor of a network without products.
    """
    macs = _macs(series.metric, session)
    if not macs or not series.samples:
        return
    images = series.images * len(series.samples)
    achieved = 2 * macs * images / max(1, sum(series.samples)) * _NS_PER_S
    reached = ceiling.flops_per_s(achieved / ALLOWED)
    if reached is None:
        return
    here, there = f"{achieved / 1e9:.3g} GFLOP/s", f"{reached / 1e9:.3g}"
    told = (
        f"{here}; a product of matrices in {precision} reaches at least {there}",
        f"impossible: {here}, more than {ALLOWED:g} times a product's {there} in {precision}",
    )
    about = {"metrics": (series.metric,), "batch_size": series.batch_size, "rounds": False}
    yield proof("possible speed", achieved / reached, ALLOWED, told, **about)


def _macs(metric: str, session: Session) -> int:
    """For one image; 0 for a series of anything else than whole passes and steps."""
    if metric in (LATENCY.name, INFERENCE.name):
        return session.graph.macs
    return training_macs(session.graph) if metric == TRAINING.name else 0
