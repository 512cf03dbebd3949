"""Whether two shares of recognised images differ: of the same images, of two samples, over seeds.

Estimates are of the second share less the first, in fractions.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from benchsuite.measure.statistics.estimates import CONFIDENCE, ENDS, Estimate

_RESAMPLES = 2000
_NORMAL = NormalDist()
_QUANTILE = _NORMAL.inv_cdf((1 + CONFIDENCE) / 2)


@dataclass(frozen=True, slots=True)
class Difference:
    """An estimate, and the p-value of the hypothesis that there is no difference."""

    estimate: Estimate
    p_value: float


def paired_difference(
    first: NDArray[np.bool_], second: NDArray[np.bool_], seed: int = 0
) -> Difference:
    """Of the same N images, which each side recognises, (N,) each.

    The p-value is that of McNemar's test (1947), exact: images that one side alone recognises
    are as likely the other's. The interval is a bootstrap of images, with one more image
    recognised by either side alone (Bonett and Price 2012): without them, two networks that agree
    on a hundred images would be proven equal on all.
    """
    from scipy.special import bdtr  # a sixth of a second to import

    lost, won = int((first & ~second).sum()), int((second & ~first).sum())
    images = len(first)
    p_value = min(1.0, 2 * float(bdtr(min(lost, won), lost + won, 0.5)))
    shares = np.array([lost + 1, won + 1, images - lost - won]) / (images + 2)
    # a draw of images is a draw of how many of each kind it holds
    drawn = np.random.default_rng(seed).multinomial(images, shares, size=_RESAMPLES)
    low, high = np.quantile((drawn[:, 1] - drawn[:, 0]) / images, ENDS)
    return Difference(Estimate((won - lost) / images, float(low), float(high)), p_value)


def unpaired_difference(first: float, second: float, images: int) -> Difference:
    """Of two shares of so many images each, as if they were different ones.

    Newcombe's interval (1998, method 10) from Wilson's two, and the z-test of two proportions.
    Of the same images, both are wider than they need be.
    """
    (low_1, high_1), (low_2, high_2) = (wilson(share, images) for share in (first, second))
    change = second - first
    low = change - math.hypot(second - low_2, high_1 - first)
    high = change + math.hypot(high_2 - second, first - low_1)
    # The mean of both, since both are of as many images.
    pooled = (first + second) / 2
    error = math.sqrt(2 * pooled * (1 - pooled) / images)
    # Without an error both shares are 0, or both 1.
    p_value = 2 * _NORMAL.cdf(-abs(change) / error) if error else 1.0
    return Difference(Estimate(change, low, high), p_value)


def wilson(share: float, images: int) -> tuple[float, float]:
    """The 95 % interval of a share of so many images (Wilson 1927).

    It says what other images of the kind would give, and nothing of other trainings.
    """
    z = _QUANTILE
    middle = share + z * z / (2 * images)
    half = z * math.sqrt(share * (1 - share) / images + z * z / (4 * images * images))
    scale = 1 + z * z / images
    return (middle - half) / scale, (middle + half) / scale


def mean_difference(differences: Sequence[float], least_deviation: float = 0.0) -> Difference:
    """Of two seeds or more that pair: their mean, by Student's t.

    least_deviation: one image's share, say: three equal differences prove no more than that.
    """
    from scipy.special import stdtr, stdtrit

    count, mean = len(differences), float(np.mean(differences))
    error = max(float(np.std(differences, ddof=1)), least_deviation) / math.sqrt(count)
    if error == 0.0:
        return Difference(Estimate(mean, mean, mean), 0.0 if mean else 1.0)
    half = float(stdtrit(count - 1, (1 + CONFIDENCE) / 2)) * error
    p_value = 2 * float(stdtr(count - 1, -abs(mean) / error))
    return Difference(Estimate(mean, mean - half, mean + half), p_value)
