"""The curve of throughput over batch size, and where it is highest."""

from collections.abc import Sequence

from benchsuite.records.series import Series

#: A batch that is faster by less than this part is as good as another.
GAIN = 0.02


def best_batch_size(curve: Sequence[Series]) -> int:
    """The smallest batch whose throughput is the highest, or as good as that: gains end there."""
    highest = max(map(rate, curve))
    return min(one.batch_size for one in curve if rate(one) >= highest * (1 - GAIN))


def rate(series: Series) -> float:
    """Images in the unit of time that samples are in."""
    return series.images * len(series.samples) / sum(series.samples)
