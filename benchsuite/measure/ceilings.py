"""What a device does at the most: products of growing matrices, and copies of large arrays."""

from collections.abc import Callable, Iterator, Sequence
from statistics import median

from benchsuite.contract import Workload
from benchsuite.measure.protocol import Protocol
from benchsuite.measure.scenarios import calls_per_window, timed
from benchsuite.measure.warmup import warm_up
from benchsuite.records import CeilingProbe

_NS_PER_S = 1e9
#: Rows of the matrices, doubled from the first to the last …
SMALLEST, LARGEST = 256, 16_384
#: … while one product is not expected to take longer: each takes eight times as long as the last.
_LONGEST_S, _GROWTH = 1.0, 8
#: Bytes of the arrays that are copied: beyond caches.
COPIED_BYTES = tuple(mib * 2**20 for mib in (64, 128, 256, 512))
#: Two factors and the product; an array and its copy.
_MATRICES, _ARRAYS = 3, 2
#: Of a copied byte, it is read and written (STREAM's convention, McCalpin 1995).
_READ_AND_WRITTEN = 2
_WINDOWS, _WINDOW_S, _WARMUP_CALLS = 5, 0.3, 3

#: extent -> the work
OpenWorkload = Callable[[int], Workload]


def probe_products(
    multiply: OpenWorkload, element_bytes: int, memory_bytes: float, protocol: Protocol
) -> Iterator[CeilingProbe]:
    """Each size as it is sampled; at least the smallest, whatever memory there is."""
    size = SMALLEST
    while True:
        found = _probe(multiply(size), size, protocol)
        yield found
        size *= 2
        too_large = size > LARGEST or _MATRICES * size**2 * element_bytes > memory_bytes
        if too_large or _GROWTH * _call_ns(found) > _LONGEST_S * _NS_PER_S:
            return


def probe_copies(
    copy: OpenWorkload, element_bytes: int, memory_bytes: float, protocol: Protocol
) -> Iterator[CeilingProbe]:
    """Likewise, each array."""
    for copied in COPIED_BYTES:
        if copied == COPIED_BYTES[0] or _ARRAYS * copied <= memory_bytes:
            elements = copied // element_bytes
            yield _probe(copy(elements), elements, protocol)


def best_product(probes: Sequence[CeilingProbe]) -> tuple[float, int]:
    """FLOP/s by each size's median window, 2 · size³ a product: the highest, and its size."""
    return max((2 * one.extent**3 / _call_ns(one) * _NS_PER_S, one.extent) for one in probes)


def best_copy(probes: Sequence[CeilingProbe], element_bytes: int) -> tuple[float, int]:
    """Bytes/s likewise, read and written: the highest, and the elements of its array."""
    moved = _READ_AND_WRITTEN * element_bytes
    return max((moved * one.extent / _call_ns(one) * _NS_PER_S, one.extent) for one in probes)


def _call_ns(probe: CeilingProbe) -> float:
    return median(probe.samples) / probe.calls


def _probe(workload: Workload, extent: int, protocol: Protocol) -> CeilingProbe:
    # A second or two for each extent: the highest of several rates needs no more.
    short = protocol.shortened(
        _WINDOWS,
        _WINDOW_S,
        window_calls=1,
        warmup_calls=_WARMUP_CALLS,
        slow_warmup_calls=_WARMUP_CALLS,
    )

    def calls(count: int) -> None:
        for _ in range(count):
            workload.submit()

    warmups, _ = warm_up(lambda: timed(workload, lambda: calls(1)), short)
    count = calls_per_window(warmups, short)
    samples = [timed(workload, lambda: calls(count)) for _ in range(short.windows)]
    return CeilingProbe(extent=extent, calls=count, samples=tuple(samples))
