"""Whether two things differ: rounds make pairs, and a practical margin makes three answers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchsuite.measure.flags import AUTOCORRELATED
from benchsuite.measure.statistics.autocorrelation import is_autocorrelated
from benchsuite.measure.statistics.estimates import CONFIDENCE, FEWEST_PROCESSES, Estimate
from benchsuite.measure.statistics.signed_ranks import ratio_estimate
from benchsuite.records import Measurement

#: Two figures nearer than this are of no practical difference.
MARGIN = 0.02
#: Of figures from two runs: a machine is another one by a few per cent from hour to hour, which
#: processes of one run do not show. The rates that follow from it
#: are in docs/explanation/comparing-runs.md.
MARGIN_BETWEEN_RUNS = 0.05
#: Of two shares of recognised images: one percentage point.
MARGIN_OF_FRACTIONS = 0.01

Verdict = Literal["different", "equivalent", "inconclusive"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Of A with B: the ratio A/B, and what it says.

    p_value: of the sign-flip test, before any correction.
    flag: for which another verdict than `inconclusive` is withheld; else empty.
    """

    ratio: Estimate
    p_value: float
    verdict: Verdict
    flag: str = ""

    @property
    def said(self) -> str:
        """The verdict, and the flag for which there is no other: `inconclusive, autocorrelated`."""
        return f"{self.verdict}, {self.flag}" if self.flag else self.verdict


def compare_pairs(
    first: Sequence[float], second: Sequence[float], margin: float = MARGIN
) -> Comparison | None:
    """Compare what two processes of each round found, in the order of rounds; None below six.

    The rounds' ratio has an interval by signed ranks. `different`: it excludes 1, and the ratio is
    away from 1 by the margin or more. `equivalent`: it lies within the margin of 1. Else, and
    where successive rounds are alike, `inconclusive`.

    Which of both is first in a round is drawn at random. Of the same code, each ratio is then as
    likely as its inverse, whatever the machine does from round to round: signs are exact (Fisher
    1935). Noise that one side alone has, and that outlasts a round, is no such noise. It shows as
    ratios that follow each other, where rounds are many: hence the flag.
    """
    ratios = [a / b for a, b in zip(first, second, strict=True)]
    ratio = ratio_estimate(ratios)
    if ratio is None:
        return None
    p_value = sign_flip_p_value(ratios)
    if is_autocorrelated(np.log(ratios).tolist()):
        return Comparison(ratio, p_value, "inconclusive", AUTOCORRELATED)
    return Comparison(ratio, p_value, verdict_of(ratio, margin))


def compare_measurements(
    first: Measurement, second: Measurement, margin: float = MARGIN
) -> Comparison | None:
    """The same by the rounds that both took part in; None also where a value is not positive.

    Differences, and what a probe counts, may be nothing: that has no ratio.
    """
    one, other = (dict(zip(m.rounds, m.values, strict=True)) for m in (first, second))
    both = sorted(one.keys() & other.keys())
    if any(min(one[n], other[n]) <= 0 for n in both):
        return None
    return compare_pairs([one[n] for n in both], [other[n] for n in both], margin)


def verdict_of(change: Estimate, margin: float, none: float = 1.0) -> Verdict:
    """The three answers, before any correction; `none` is what stands for no change at all."""
    if not change.low <= none <= change.high and abs(change.value - none) >= margin:
        return "different"
    if none - margin <= change.low and change.high <= none + margin:
        return "equivalent"
    return "inconclusive"


def sign_flip_p_value(ratios: Sequence[float]) -> float:
    """Of the hypothesis that each ratio is as likely as its inverse: exact, two-sided.

    Fisher 1935, The design of experiments, section 21, on logarithms. At least 2^(1-n): 0.031
    for six rounds, 0.0039 for nine.
    """
    logarithms = np.log(ratios)
    half = len(logarithms) // 2  # all sums are those of one half plus those of the other
    sums, others = (_signs(len(part)) @ part for part in (logarithms[:half], logarithms[half:]))
    slack = 1e-12 * np.abs(logarithms).sum()  # sums of other signs are rounded otherwise
    extreme = abs(logarithms.sum()) - slack
    if extreme <= 0:
        return 1.0
    as_large = sums.size * others.size - np.searchsorted(np.sort(others), extreme - sums).sum()
    return float(2 * as_large / (sums.size * others.size))


@cache
def _signs(count: int) -> NDArray[np.float64]:
    """Every choice of so many signs, (2^count, count)."""
    choices = np.array(list(product((1.0, -1.0), repeat=count)))
    return choices.reshape(2**count, count)


def fewest_rounds(comparisons: int) -> int:
    """Rounds that it takes for one of so many comparisons to come out as a difference."""
    return max(FEWEST_PROCESSES, 1 + math.ceil(math.log2(max(1, comparisons) / (1 - CONFIDENCE))))


def holm(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """The same as one family: a difference that falls by Holm's correction is inconclusive."""
    stand = standing([comparison.p_value for comparison in comparisons])
    return [
        one if stands or one.verdict != "different" else replace(one, verdict="inconclusive")
        for one, stands in zip(comparisons, stand, strict=True)
    ]


def standing(p_values: Sequence[float]) -> list[bool]:
    """Which of a family's differences stand Holm's correction, at 0.05 for all of them together.

    Holm 1979: in order of their p-values, the i-th of m is held against 0.05 / (m - i + 1), and
    after the first that fails none stands.
    """
    count, stand = len(p_values), [False] * len(p_values)
    for place, index in enumerate(sorted(range(count), key=p_values.__getitem__)):
        if p_values[index] > (1 - CONFIDENCE) / (count - place):
            break
        stand[index] = True
    return stand


def farthest(ratio: Estimate) -> float:
    """How far the interval of a case's ratio to itself reaches from 1: what is nearer is chance."""
    return max(abs(ratio.low - 1), abs(ratio.high - 1))
