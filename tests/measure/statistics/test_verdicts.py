from itertools import product

import numpy as np
import pytest

from benchsuite.measure.statistics.estimates import Estimate
from benchsuite.measure.statistics.signed_ranks import ratio_estimate
from benchsuite.measure.statistics.verdicts import (
    Comparison,
    compare_measurements,
    compare_pairs,
    farthest,
    fewest_rounds,
    holm,
    sign_flip_p_value,
    verdict_of,
)
from benchsuite.metrics.declared import LATENCY
from benchsuite.records import Measurement


def pairs(ratios):
    second = np.linspace(1.0, 3.0, len(ratios))  # rounds drift; their ratios do not
    return list(second * ratios), list(second)


@pytest.mark.parametrize(
    ("ratios", "verdict"),
    [
        ([1.10, 1.09, 1.11, 1.10, 1.12, 1.08], "different"),
        ([0.90, 0.91, 0.89, 0.90, 0.92, 0.88], "different"),
        ([1.00, 1.01, 0.99, 1.005, 0.995, 1.0], "equivalent"),
        ([1.00, 1.20, 0.80, 1.10, 0.90, 1.0], "inconclusive"),
        # slower in most rounds, but not surely
        ([1.10, 1.20, 0.95, 1.15, 1.05, 1.10], "inconclusive"),
        # sure to be slower, but by less than matters, and maybe by more
        ([1.015, 1.016, 1.014, 1.030, 1.015, 1.012], "inconclusive"),
    ],
)
def test_verdict_is_one_of_three(ratios, verdict):
    comparison = compare_pairs(*pairs(ratios))

    assert comparison.verdict == verdict
    ratio, expected = comparison.ratio, ratio_estimate(ratios)
    assert (ratio.value, ratio.low, ratio.high) == pytest.approx(
        (expected.value, expected.low, expected.high)
    )
    assert comparison.said == verdict


def test_ratios_that_follow_each_other_give_no_verdict():
    """However sure it would be: what lasts for rounds may be noise of one side alone."""
    climbing = np.linspace(1.05, 1.25, 12)
    steady = np.random.default_rng(0).permutation(climbing)

    (withheld, given) = (compare_pairs(*pairs(ratios)) for ratios in (climbing, steady))

    assert (withheld.verdict, withheld.flag) == ("inconclusive", "autocorrelated")
    assert withheld.said == "inconclusive, autocorrelated"
    assert holm([withheld]) == [withheld]
    assert (given.verdict, given.flag) == ("different", "")
    assert given.p_value == withheld.p_value


@pytest.mark.parametrize("follows", [0.0, 0.5, 0.8, 0.95])
def test_moments_that_follow_each_other_make_no_difference(follows):
    """The order within a round is drawn, so that either side is as likely in the slower moment."""
    generator = np.random.default_rng(5)
    wrong = 0
    for _ in range(400):
        moments = generator.normal(size=18)
        for place in range(1, 18):
            fresh = np.sqrt(1 - follows**2) * moments[place]
            moments[place] = follows * moments[place - 1] + fresh
        sides = generator.permuted(moments.reshape(9, 2), axis=1)
        wrong += compare_pairs(*np.exp(0.05 * sides).T).verdict == "different"
    assert wrong <= 0.08 * 400


def test_no_verdict_below_six_rounds():
    assert compare_pairs(*pairs([1.5] * 5)) is None


@pytest.mark.parametrize(("rounds", "least"), [(6, 2**-5), (9, 2**-8), (12, 2**-11)])
def test_p_value_is_exact(rounds, least):
    assert sign_flip_p_value([1.1] * rounds) == least
    assert sign_flip_p_value([1.1, 1 / 1.1] * 4) == 1.0


def test_holm_holds_a_family_to_one_level():
    ratio = Estimate(1.1, 1.05, 1.15)
    found = [Comparison(ratio, p, "different") for p in (0.001, 0.04, 0.02, 0.03)]
    equal = Comparison(Estimate(1.0, 0.99, 1.01), 0.9, "equivalent")

    corrected = holm([*found, equal])

    # 0.001 <= 0.05/5 stands; 0.02 > 0.05/4 does not, and then none after it does
    assert [c.verdict for c in corrected] == [
        *("different", "inconclusive", "inconclusive", "inconclusive", "equivalent"),
    ]


@pytest.mark.parametrize(("comparisons", "rounds"), [(0, 6), (1, 6), (3, 7), (12, 9), (100, 12)])
def test_rounds_that_a_family_needs(comparisons, rounds):
    assert fewest_rounds(comparisons) == rounds
    if comparisons:
        one = Comparison(Estimate(1.1, 1.05, 1.15), 2 ** (1 - rounds), "different")
        assert holm([one] * comparisons)[0].verdict == "different"


def test_family_of_equal_pairs_seldom_holds_a_difference():
    """The whole procedure, on 200 tables of three pairs of the very same distribution."""
    generator = np.random.default_rng(0)
    wrong = 0
    for _ in range(200):
        table = [compare_pairs(*generator.lognormal(sigma=0.05, size=(2, 9))) for _ in range(3)]
        wrong += any(comparison.verdict == "different" for comparison in holm(table))
    assert wrong <= 0.05 * 200


def test_smallest_visible_difference_is_the_far_end_of_the_interval():
    assert farthest(Estimate(1.0, 0.97, 1.02)) == pytest.approx(0.03)
    assert farthest(Estimate(1.0, 0.99, 1.02)) == pytest.approx(0.02)


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        (Estimate(0.03, 0.01, 0.05), "different"),
        (Estimate(-0.03, -0.05, -0.01), "different"),
        (Estimate(0.0, -0.005, 0.01), "equivalent"),
        (Estimate(0.005, 0.001, 0.02), "inconclusive"),
    ],
)
def test_verdict_on_a_difference_is_against_zero(change, verdict):
    assert verdict_of(change, margin=0.01, none=0.0) == verdict


@pytest.mark.parametrize("rounds", [1, 2, 5, 9, 12])
def test_p_value_counts_every_choice_of_signs(rounds):
    ratios = np.random.default_rng(rounds).lognormal(0.02, 0.05, rounds)
    signs = np.array(list(product((1, -1), repeat=rounds)))
    sums = np.abs(signs @ np.log(ratios))

    expected = np.mean(sums >= abs(np.log(ratios).sum()) - 1e-9)
    assert sign_flip_p_value(ratios) == pytest.approx(expected)


@pytest.mark.parametrize("nothing", [0.0, -1.0])
def test_what_may_be_nothing_has_no_ratio(nothing):
    first, second = (
        Measurement.of(LATENCY, values=(value, *[1.0] * 8), rounds=range(9), samples=9, value=1.0)
        for value in (nothing, 1.0)
    )

    assert compare_measurements(first, second) is None
    assert compare_measurements(second, first) is None
