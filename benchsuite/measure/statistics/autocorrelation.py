"""Whether what follows each other is alike, such as the ratios of successive rounds."""

import math
from collections.abc import Sequence
from functools import cache
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

#: Of rounds that are independent, so many are taken for ones that are not: a verdict that is
#: withheld is a difference that is not found.
LEVEL = 0.003
_PERMUTATIONS = 4000


def is_autocorrelated(values: Sequence[float], level: float = LEVEL) -> bool:
    """Whether neighbours are nearer to each other than in all but few other orders.

    Von Neumann's sum of squared successive differences (1941), by permutation (Wald and Wolfowitz
    1943): nothing is supposed of the values' distribution. Six values have enough orders for it.
    """
    series = np.asarray(values, dtype=np.float64)
    roughness = np.square(np.diff(series[_orders(len(series))], axis=1)).sum(axis=1)
    # the order as it was is the first; sums of the same differences are rounded otherwise
    as_smooth = (roughness <= roughness[0] * (1 + 1e-12)).mean()
    return bool(np.ptp(series) > 0 and as_smooth <= level)


@cache
def _orders(count: int) -> NDArray[np.intp]:
    """Orders of so many places, the first as they are: all, or many drawn, always the same."""
    if math.factorial(count) <= _PERMUTATIONS:
        return np.array(list(permutations(range(count))))
    places = np.tile(np.arange(count), (_PERMUTATIONS, 1))
    places[1:] = np.random.default_rng(0).permuted(places[1:], axis=1)
    return places
