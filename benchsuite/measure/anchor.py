"""The anchor: the same work in every process, whatever is compared, tells of the machine alone."""

from time import perf_counter_ns

import numpy as np

from benchsuite.measure.machine.watch import Watch
from benchsuite.metrics.declared import ANCHOR
from benchsuite.records.series import Series

#: A millisecond or two: a product of matrices that caches hold, a copy that they do not.
_SIZE, _COPIED_FLOATS = 384, 2**22
#: A virtual machine's neighbours come and go within hundredths of a second: a few samples of this
#: spread by 15 % where networks measured over seconds do not.
_WARMUPS, _LEAST_NS = 2, 500_000_000


def measure_anchor() -> Series:
    """A matrix product and a copy in NumPy, float32, one after the other."""
    generator = np.random.default_rng(0)
    matrix = generator.standard_normal((_SIZE, _SIZE), np.float32)
    source = generator.standard_normal(_COPIED_FLOATS, np.float32)
    product, target = np.empty_like(matrix), np.empty_like(source)

    def timed() -> int:
        start = perf_counter_ns()
        # Into arrays that are there: memory that is new would be timed with the work.
        np.matmul(matrix, matrix, out=product)
        np.copyto(target, source)
        return perf_counter_ns() - start

    warmups = tuple(timed() for _ in range(_WARMUPS))
    watch, samples = Watch(), [timed()]
    while sum(samples) < _LEAST_NS:
        samples.append(timed())
    return Series(
        metric=ANCHOR.name,
        batch_size=1,
        images=1,
        samples=tuple(samples),
        warmups=warmups,
        reading=watch.reading(),
    )
