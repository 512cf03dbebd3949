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
#: Of the one-sided bound beside a tail's percentile.
_BOUND_CONFIDENCE = 0.99


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


def process_quantiles(samples: Sequence[NDArray[np.floating]], share: float) -> list[float]:
    """One percentile a process, each nearly median-unbiased (Hyndman and Fan 1996, type 8).

    Calls of one process are no replicates, so a percentile's interval is one over processes, as
    that of a median (Kalibera and Jones 2013).
    """
    return [float(np.quantile(part, share, method="median_unbiased")) for part in samples]


def upper_bound(values: Sequence[float]) -> float | None:
    """What the typical process is below with 99 % confidence, from one positive value a process.

    Student's t on logarithms: it allows for the few processes, and for how much they differ. None
    below six values.
    """
    if len(values) < FEWEST_PROCESSES:
        return None
    from scipy.special import stdtrit  # a sixth of a second to import

    logarithms, count = np.log(values), len(values)
    error = float(np.std(logarithms, ddof=1)) / math.sqrt(count)
    quantile = float(stdtrit(count - 1, _BOUND_CONFIDENCE))
    return math.exp(float(np.mean(logarithms)) + quantile * error)


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
