"""Two samples that nothing pairs, such as the processes of two runs: their ratio, by ranks.

The estimate is the median of all ratios of one value of either sample (Hodges and Lehmann 1963,
on logarithms), its interval lies between two of those ratios, and the test is Wilcoxon's and
Mann and Whitney's, exactly. All three are of one distribution, that of the rank sum, so that the
interval excludes 1 where the p-value is below 0.05. A bootstrap of the two medians holds the true
ratio as often, and is an eighth wider (six to twelve lognormal values each).
"""

from dataclasses import dataclass
from functools import cache

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


def ratios_of(first: Floats, second: Floats) -> Ratios:
    """How many times the second samples (K, M) are as large as the first (K, N); all positive.

    The p-value is two-sided, of the hypothesis that both are of one distribution, exact where no
    two values are equal (Mann and Whitney 1947). The interval (Lehmann 1975, section 2.5) is
    infinite where both samples are too small for 95 % confidence: below four each.
    """
    pairs = np.sort((second[:, :, None] / first[:, None, :]).reshape(len(first), -1), axis=1)
    count = pairs.shape[1]
    chances = _cumulative(first.shape[1], second.shape[1])
    less, more = (pairs < 1).sum(axis=1), (pairs > 1).sum(axis=1)
    equal = count - less - more
    fewer = np.minimum(less, more) + equal / 2  # the rank sum's statistic, the smaller tail's
    p_value = np.minimum(1.0, 2 * chances[np.floor(fewer).astype(int)])
    # so many ratios at either end may lie on the wrong side of the true one
    outside = int(np.searchsorted(chances, (1 - CONFIDENCE) / 2, side="right"))
    low, high = (
        (pairs[:, outside - 1], pairs[:, count - outside])
        if outside
        else (np.zeros(len(pairs)), np.full(len(pairs), np.inf))
    )
    return Ratios(np.median(pairs, axis=1), low, high, p_value)


@cache
def _cumulative(first: int, second: int) -> Floats:
    """P(U <= u) for u = 0 … N·M: of so many pairs is the second's value the smaller one.

    Arrangements are counted by Gauss' binomial coefficients, the generating function of U.
    """
    ways = np.zeros(first * second + 1)
    ways[0] = 1.0
    for factor in range(1, first + 1):
        power = second + factor
        # Of a copy: what is taken from overlaps what is taken.
        ways[power:] -= ways[: max(0, len(ways) - power)].copy()
        for place in range(factor, len(ways)):
            ways[place] += ways[place - factor]
    chances: Floats = np.cumsum(ways) / ways.sum()
    return chances
