import numpy as np
import pytest
from scipy.stats import binomtest, ttest_1samp

from benchsuite.measure.statistics.proportions import (
    mean_difference,
    paired_difference,
    unpaired_difference,
)


def recognised(both, first, second, neither):
    """Images by who recognises them, as the two sides."""
    one = [True] * (both + first) + [False] * (second + neither)
    other = [True] * both + [False] * first + [True] * second + [False] * neither
    return np.array(one), np.array(other)


@pytest.mark.parametrize(("first", "second"), [(3, 12), (12, 3), (5, 5), (0, 7)])
def test_p_value_is_mcnemars(first, second):
    found = paired_difference(*recognised(300, first, second, 45))

    expected = binomtest(first, first + second).pvalue
    assert found.p_value == pytest.approx(expected)
    assert found.estimate.value == pytest.approx((second - first) / (345 + first + second))


def test_interval_of_paired_images_is_that_of_a_bootstrap():
    one, other = recognised(600, 20, 60, 320)
    generator = np.random.default_rng(1)
    drawn = generator.integers(0, 1000, (4000, 1000))
    means = (other.astype(int) - one.astype(int))[drawn].mean(axis=1)

    estimate = paired_difference(one, other).estimate
    assert [estimate.low, estimate.high] == pytest.approx(
        list(np.quantile(means, (0.025, 0.975))), abs=0.003
    )


def test_networks_that_agree_on_few_images_are_not_proven_equal():
    found = paired_difference(*recognised(90, 0, 0, 10))

    assert found.p_value == 1.0
    assert found.estimate.high > 0.01


def test_interval_of_two_shares_is_newcombes():
    # his example (h) of 1998, method 10
    estimate = unpaired_difference(0.3, 0.9, 10).estimate

    assert [estimate.low, estimate.high] == pytest.approx([0.1705, 0.8090], abs=5e-5)


def test_shares_at_an_end_have_an_interval_too():
    found = unpaired_difference(1.0, 1.0, 100)

    assert found.p_value == 1.0
    assert found.estimate.low < 0 < found.estimate.high


def test_mean_over_seeds_is_students():
    differences = [0.01, 0.03, 0.02]
    expected = ttest_1samp(differences, 0.0)

    found = mean_difference(differences)

    assert found.p_value == pytest.approx(expected.pvalue)
    low, high = expected.confidence_interval()
    assert [found.estimate.low, found.estimate.high] == pytest.approx([low, high])


def test_equal_differences_prove_no_more_than_one_image():
    sure = mean_difference([1 / 360] * 3, least_deviation=0.0)
    found = mean_difference([1 / 360] * 3, least_deviation=1 / 360)

    assert sure.p_value == 0.0
    assert found.p_value > 0.05
    assert found.estimate.low < 0
