"""Whether a figure is possible: what a measured product of matrices allows."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from time import perf_counter_ns

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
#: Rows of the matrices, doubled until a product takes this long, or to the largest.
_SMALLEST, _LARGEST, _LONG_ENOUGH_NS = 256, 8192, 4_000_000
_CALLS = 3
#: Rows of a backend's product that are computed once more.
_CHECKED = 4
_NUMPY: Mapping[str, type[np.floating]] = {"fp32": np.float32, "fp64": np.float64}


def product_flops_per_s(backend: Backend, setup: Setup) -> float | None:
    """The best of some products in the setup's precision, on its device and threads.

    By NumPy where it has the precision and the device is the CPU, so that no backend has a part
    in it; else by the backend itself, and None where it multiplies nothing. Raises
    BenchsuiteError where its product is none.
    """
    if setup.device == "cpu" and setup.precision in _NUMPY:
        dtype = _NUMPY[setup.precision]
        return _fastest(lambda size: _NumpyProduct(size, dtype))
    if not isinstance(backend, CeilingBackend):
        return None
    plain = replace(setup, tier="native")
    _check_product(backend.multiply(plain, _SMALLEST), setup.precision)
    return _fastest(lambda size: backend.multiply(plain, size))


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


def _fastest(multiply: Callable[[int], Workload]) -> float:
    size, best = _SMALLEST, 0.0
    while True:
        work = multiply(size)
        work.submit()
        taken = min(_taken_ns(work) for _ in range(_CALLS))
        best = max(best, 2 * size**3 / taken * _NS_PER_S)
        if taken > _LONG_ENOUGH_NS or size >= _LARGEST:
            return best
        size *= 2


def _taken_ns(work: Workload) -> int:
    work.synchronize()
    start = perf_counter_ns()
    work.submit()
    work.synchronize()
    return max(1, perf_counter_ns() - start)


def _check_product(work: Workload, precision: str) -> None:
    """A backend that does not multiply would allow itself any speed."""
    result = to_host(work.submit())
    work.synchronize()
    first, second = (to_host(operand) for operand in work.operands)
    rows = np.random.default_rng().integers(len(first), size=_CHECKED)
    if error_of(result[rows], first[rows] @ second) > bound_of(precision):
        raise BenchsuiteError("multiply() gave something else than the product of its operands")


def speed_proof(
    series: Series, session: Session, precision: str, allowed: float | None
) -> Iterator[Proof]:
    """Whether the products that a figure stands for fit into its time.

    allowed: FLOP/s of a product; None proves nothing. Nor does a network without products.
    """
    macs = _macs(series.metric, session)
    if allowed is None or not macs or not series.samples:
        return
    images = series.images * len(series.samples)
    achieved = 2 * macs * images / max(1, sum(series.samples)) * _NS_PER_S
    here, there = f"{achieved / 1e9:.3g} GFLOP/s", f"{allowed / 1e9:.3g}"
    told = (
        f"{here}; a product of matrices in {precision} reaches {there}",
        f"impossible: {here}, more than {ALLOWED:g} times a product's {there} in {precision}",
    )
    about = {"metrics": (series.metric,), "batch_size": series.batch_size, "rounds": False}
    yield proof("possible speed", achieved / allowed, ALLOWED, told, **about)


def _macs(metric: str, session: Session) -> int:
    """For one image; 0 for a series of anything else than whole passes and steps."""
    if metric in (LATENCY.name, INFERENCE.name):
        return session.graph.macs
    return training_macs(session.graph) if metric == TRAINING.name else 0
