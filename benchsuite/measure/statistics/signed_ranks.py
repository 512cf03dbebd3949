"""A ratio from several of one kind, such as one for each round: by signed ranks.

The estimate is the median of all means of two ratios, each with itself among them (Hodges and
Lehmann 1963, on logarithms). Its interval lies between two of these means, those of Wilcoxon's
signed-rank test (Hollander, Wolfe and Chicken 2014, section 3.3). Both need ratios that are as
likely above the true one as below it by as much. Rounds whose order is drawn at random have that,
whatever the machine does meanwhile: who is first is as likely the other.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from benchsuite.measure.statistics.estimates import CONFIDENCE, FEWEST_PROCESSES, Estimate


def ratio_estimate(ratios: Sequence[float]) -> Estimate | None:
    """The ratio that positive ones are of, with its 95 % interval; None below six of them."""
    count = len(ratios)
    if count < FEWEST_PROCESSES:
        return None
    logarithms = np.log(ratios)
    first, second = np.triu_indices(count)
    means = np.sort((logarithms[first] + logarithms[second]) / 2)
    outside = _outside(count)
    value, low, high = np.exp([np.median(means), means[outside - 1], means[-outside]]).tolist()
    return Estimate(value, low, high)


@cache
def _outside(count: int) -> int:
    """So many means at either end may lie on the wrong side of the true one: 1 of 6, 6 of 9.

    By the exact distribution of the signed-rank sum: of each rank, the sign is a fair coin.
    """
    ways: NDArray[np.float64] = np.zeros(count * (count + 1) // 2 + 1)
    ways[0] = 1.0
    for rank in range(1, count + 1):
        ways[rank:] += ways[:-rank].copy()
    chances = np.cumsum(ways) / 2.0**count
    return int(np.searchsorted(chances, (1 - CONFIDENCE) / 2, side="right"))
