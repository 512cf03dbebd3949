"""Whether two things differ: rounds make pairs, and a practical margin makes three answers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from benchsuite.measure.statistics import (
    CONFIDENCE,
    FEWEST_PROCESSES,
    Estimate,
    median_estimate,
)
from benchsuite.records import Measurement

#: Two figures nearer than this are of no practical difference.
MARGIN = 0.02

#: Figures of which every pair of rows gets a verdict.
CONTESTED = ("latency", "inference_throughput", "training_throughput")

Verdict = Literal["different", "equivalent", "inconclusive"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Of A with B: the ratio A/B, and what it says.

    p_value: of the sign-flip test, before any correction.
    """

    ratio: Estimate
    p_value: float
    verdict: Verdict


def compare_pairs(
    first: Sequence[float], second: Sequence[float], margin: float = MARGIN
) -> Comparison | None:
    """Compare what two processes of each round found; None below six rounds.

    The rounds' ratios have a rank interval. `different`: it excludes 1, and their median is away
    from 1 by the margin or more. `equivalent`: it lies within the margin of 1. Else
    `inconclusive`.
    """
    ratios = [a / b for a, b in zip(first, second, strict=True)]
    ratio = median_estimate(ratios)
    if ratio is None:
        return None
    return Comparison(ratio, sign_flip_p_value(ratios), _verdict(ratio, margin))


def compare_measurements(
    first: Measurement, second: Measurement, margin: float = MARGIN
) -> Comparison | None:
    """The same by the rounds that both took part in."""
    one, other = (dict(zip(m.rounds, m.values, strict=True)) for m in (first, second))
    both = sorted(one.keys() & other.keys())
    return compare_pairs([one[n] for n in both], [other[n] for n in both], margin)


def _verdict(ratio: Estimate, margin: float) -> Verdict:
    if not ratio.low <= 1 <= ratio.high and abs(ratio.value - 1) >= margin:
        return "different"
    if 1 - margin <= ratio.low and ratio.high <= 1 + margin:
        return "equivalent"
    return "inconclusive"


def sign_flip_p_value(ratios: Sequence[float]) -> float:
    """Of the hypothesis that each ratio is as likely as its inverse: exact, two-sided.

    Fisher 1935, The design of experiments, section 21, on logarithms. At least 2^(1-n): 0.031
    for six rounds, 0.0039 for nine.
    """
    logarithms = np.log(ratios)
    sums = logarithms[:1]  # one sign of it: the other half of all signs has the same sums
    for logarithm in logarithms[1:]:
        sums = np.concatenate((sums + logarithm, sums - logarithm))
    slack = 1e-12 * np.abs(logarithms).sum()  # sums of other signs are rounded otherwise
    return float(np.mean(np.abs(sums) >= abs(logarithms.sum()) - slack))


def fewest_rounds(comparisons: int) -> int:
    """Rounds that it takes for one of so many comparisons to come out as a difference."""
    return max(FEWEST_PROCESSES, 1 + math.ceil(math.log2(max(1, comparisons) / (1 - CONFIDENCE))))


def holm(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """The same comparisons as one family: a difference must also stand Holm's correction.

    Holm 1979: in order of their p-values, the i-th of m is held against 0.05 / (m - i + 1), and
    after the first that fails none stands. Those that fall are inconclusive.
    """
    order = sorted(range(len(comparisons)), key=lambda index: comparisons[index].p_value)
    standing: set[int] = set()
    for place, index in enumerate(order):
        if comparisons[index].p_value > (1 - CONFIDENCE) / (len(comparisons) - place):
            break
        standing.add(index)
    return [
        comparison
        if comparison.verdict != "different" or index in standing
        else _fallen(comparison)
        for index, comparison in enumerate(comparisons)
    ]


def _fallen(comparison: Comparison) -> Comparison:
    return Comparison(comparison.ratio, comparison.p_value, "inconclusive")


def farthest(ratio: Estimate) -> float:
    """How far the interval of a case's ratio to itself reaches from 1, such as 0.03.

    What is nearer could be chance: the smallest difference that a host can see.
    """
    return max(abs(ratio.low - 1), abs(ratio.high - 1))
