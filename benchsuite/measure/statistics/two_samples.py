"""Two samples that nothing pairs, such as the processes of two runs: their ratio, by Welch's t.

One value a process (Kalibera and Jones 2013, section 7), on logarithms, where speeds are nearly
symmetric. Ranks (Mann and Whitney 1947) test whether two distributions are the same in everything:
where one run's processes spread by 2 % and the other's by 20 %, they find that in 16 % of pairs
whose speed is the same. Welch's t (1947) allows each sample a spread of its own.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchsuite.measure.statistics.estimates import CONFIDENCE

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ratios:
    """Of K pairs of samples, (K,) each: ratios with their 95 % intervals, and p-values."""

    value: Floats
    low: Floats
    high: Floats
    p_value: Floats


def ratios_of(first: Floats, second: Floats, common: float = 0.0) -> Ratios:
    """How many times the second samples (K, M) are as large as the first (K, N); all positive.

    A ratio is of geometric means, its p-value two-sided, of the hypothesis that it is 1. Degrees of
    freedom are Satterthwaite's (1946). Of samples of one, nothing is known: an interval without
    end.

    common: the standard deviation of the ratio's logarithm beyond what either sample shows, since
        all of its values share it; known, and not estimated.
    """
    from scipy.special import stdtr, stdtrit  # a sixth of a second to import

    counts = first.shape[1], second.shape[1]
    change = np.log(second).mean(axis=1) - np.log(first).mean(axis=1)
    if min(counts) < 2:  # noqa: PLR2004 - one has no spread
        nothing = np.zeros_like(change)
        return Ratios(np.exp(change), nothing, nothing + math.inf, nothing + 1.0)
    one, other = (np.log(x).var(axis=1, ddof=1) / x.shape[1] for x in (first, second))
    variance = one + other + common**2
    spread = np.square(one) / (counts[0] - 1) + np.square(other) / (counts[1] - 1)
    # Where no value differs from the next, nothing is to be estimated.
    freedom = np.clip(np.square(variance) / np.maximum(spread, np.finfo(float).tiny), 1.0, 1e9)
    error = np.sqrt(variance)
    half = stdtrit(freedom, (1 + CONFIDENCE) / 2) * error
    distance = np.abs(change) / np.maximum(error, np.finfo(float).tiny)
    p_value = np.minimum(1.0, 2 * stdtr(freedom, -distance))
    return Ratios(np.exp(change), np.exp(change - half), np.exp(change + half), p_value)
