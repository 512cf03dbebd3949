"""Estimates with their intervals: the process is the replicate, ranks make the intervals.

Calls within one process are alike in ways that another process does not repeat, so an interval
from them says nothing about the next run: every interval here is one over processes. Ranks
assume independence of processes, and nothing about their distribution.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from statistics import median

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.95
#: Quantiles between which a bootstrap's interval lies.
ENDS = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)
#: Below this, even the interval from the least to the largest value has less confidence.
FEWEST_PROCESSES = 6
#: Of the one-sided bound beside a tail's percentile: MLPerf inference's early stopping.
_TAIL_CONFIDENCE = 0.99
_RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value, and the interval that holds the true one with 95 % confidence."""

    value: float
    low: float
    high: float

    @property
    def half_width(self) -> float:
        """Half the interval's width, as a share of the value."""
        return (self.high - self.low) / 2 / abs(self.value) if self.value else math.inf


@cache
def median_ranks(count: int) -> tuple[int, int] | None:
    """Ranks, from 1, of the ordered values between which the median lies; None below six.

    The narrowest symmetric pair with 95 % confidence (sign test; David and Nagaraja 2003,
    section 7.1): 1 and 6 of 6, 2 and 8 of 9, 3 and 10 of 12, 4 and 12 of 15, 6 and 15 of 20.
    """
    lower, below = 0, 0.0
    while True:
        below += math.comb(count, lower) / 2**count
        if 1 - 2 * below < CONFIDENCE:
            return (lower, count + 1 - lower) if lower else None
        lower += 1


def median_estimate(values: Sequence[float]) -> Estimate | None:
    """The median of one value a process, with its rank interval; None below six values."""
    ranks = median_ranks(len(values))
    if ranks is None:
        return None
    ordered = sorted(values)
    low, high = ordered[ranks[0] - 1], ordered[ranks[1] - 1]
    return Estimate(median(ordered), low, high)


def quantile_estimates(
    samples: Sequence[NDArray[np.floating]], probabilities: Sequence[float], seed: int = 0
) -> list[Estimate]:
    """Quantiles of the samples of several processes pooled, each process with the same weight.

    Intervals by a bootstrap of two stages, which keeps what processes and neighbouring calls
    have in common: processes are drawn, then contiguous blocks of their calls (Davison and
    Hinkley 1997, section 3.8; circular blocks after Politis and Romano 1992).
    """
    if not probabilities:
        return []
    pooled = np.concatenate(samples)
    # Sorted once: each draw weighs the same samples in another way.
    order = np.argsort(pooled, kind="stable")
    ordered = pooled[order]
    generator = np.random.default_rng(seed)
    points = pooled_quantiles(samples, probabilities)
    drawn = np.array(
        [
            _weighted_quantiles(ordered, _resampled(samples, generator)[order], probabilities)
            for _ in range(_RESAMPLES)
        ]
    )
    lows, highs = np.quantile(drawn, ENDS, axis=0)
    return [
        Estimate(float(point), float(low), float(high))
        for point, low, high in zip(points, lows, highs, strict=True)
    ]


def pooled_quantiles(
    samples: Sequence[NDArray[np.number]], probabilities: Sequence[float]
) -> NDArray[np.number]:
    """Quantiles of the samples of several processes pooled, each process with the same weight."""
    pooled = np.concatenate(samples)
    order = np.argsort(pooled, kind="stable")
    weights = np.concatenate([np.full(len(part), 1 / len(part)) for part in samples])
    return _weighted_quantiles(pooled[order], weights[order], probabilities)


def _weighted_quantiles(
    ordered: NDArray[np.number], weights: NDArray[np.float64], probabilities: Sequence[float]
) -> NDArray[np.number]:
    """The least value that has at least that share of the weight at or below it."""
    cumulative = np.cumsum(weights)
    wanted = np.asarray(probabilities) * cumulative[-1]
    # A share that is reached exactly must not be missed by a rounding of sums.
    places = np.searchsorted(cumulative, wanted * (1 - 1e-12))
    found: NDArray[np.number] = ordered[np.minimum(places, len(ordered) - 1)]
    return found


def _resampled(
    samples: Sequence[NDArray[np.floating]], generator: np.random.Generator
) -> NDArray[np.float64]:
    """How often a bootstrap's draw holds each sample, over the size of its process."""
    sizes = [len(part) for part in samples]
    starts = np.concatenate(([0], np.cumsum(sizes)))
    weights = np.zeros(starts[-1])
    for index in generator.integers(0, len(samples), len(samples)):
        size = sizes[index]
        weights[starts[index] : starts[index + 1]] += _block_counts(size, generator) / size
    return weights


def _block_counts(size: int, generator: np.random.Generator) -> NDArray[np.intp]:
    """How often each of `size` calls is in a draw of so many, block by block."""
    length = max(1, math.isqrt(size))
    starts = generator.integers(0, size, -(-size // length))
    # In a circle, or the first and last calls would be drawn less often than others.
    drawn = (starts[:, None] + np.arange(length)).ravel()[:size] % size
    return np.bincount(drawn, minlength=size)


def tail_bound(samples: Sequence[NDArray[np.floating]], probability: float) -> float | None:
    """An upper bound of a percentile with 99 % confidence; None where there are too few samples.

    Of several processes' samples, each process with the same weight, as the percentile itself.

    MLPerf inference's early stopping with no tolerance: all but the worst few samples are below
    it, and at least one is not counted. Needs 64 samples for the 90th percentile, 662 for the
    99th, 6636 for that of 99.9.
    """
    from scipy.stats import binom  # takes a second to import

    count = sum(map(len, samples))
    above = binom(count, 1 - probability)
    dropped = 0
    while above.sf(dropped) >= _TAIL_CONFIDENCE:  # more than `dropped` are above the percentile
        dropped += 1
    # So many of the largest samples may be above it: the last of them is the bound.
    least = 2
    if dropped < least:
        return None
    return float(pooled_quantiles(samples, [1 - (dropped - 1) / count])[0])
