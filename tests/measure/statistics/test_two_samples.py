import numpy as np
import pytest
from scipy.stats import ttest_ind

from benchsuite.measure.statistics.two_samples import ratios_of


def samples(first, second, count=200, factor=1.0, seed=0):
    generator = np.random.default_rng(seed)
    one = generator.lognormal(sigma=0.05, size=(count, first))
    return one, factor * generator.lognormal(sigma=0.05, size=(count, second))


@pytest.mark.parametrize(("first", "second"), [(6, 6), (9, 6), (12, 20), (2, 2)])
def test_p_value_and_interval_are_those_of_welch(first, second):
    one, other = samples(first, second, factor=1.04)

    expected = ttest_ind(np.log(other), np.log(one), axis=1, equal_var=False)
    ends = expected.confidence_interval(0.95)
    found = ratios_of(one, other)
    assert found.p_value == pytest.approx(expected.pvalue)
    assert found.low == pytest.approx(np.exp(ends.low))
    assert found.high == pytest.approx(np.exp(ends.high))


@pytest.mark.parametrize(("first", "second"), [(12, 6), (6, 12), (6, 6)])
def test_unequal_spreads_are_no_evidence(first, second):
    """Ranks call 16 % of the first of these pairs different."""
    generator = np.random.default_rng(3)
    one = generator.lognormal(sigma=0.02, size=(4000, first))
    other = generator.lognormal(sigma=0.20, size=(4000, second))

    assert (ratios_of(one, other).p_value <= 0.05).mean() == pytest.approx(0.05, abs=0.015)


def test_what_all_values_of_a_sample_share_is_in_the_interval():
    """Of two machines that differ by as much as is said, however alike their processes are."""
    generator = np.random.default_rng(4)
    levels = np.exp(generator.normal(0.0, 0.02, (4000, 1)))
    one, other = samples(6, 6, count=4000)

    found = ratios_of(one, levels * other, common=0.02)

    held = ((found.low <= 1) & (found.high >= 1)).mean()
    assert 0.94 <= held <= 0.975
    alone = ratios_of(one, levels * other)
    assert ((alone.low <= 1) & (alone.high >= 1)).mean() < held - 0.02


def test_interval_excludes_1_where_the_test_does():
    found = ratios_of(*samples(6, 9, factor=1.05))

    outside = (found.low > 1) | (found.high < 1)
    assert (outside == (found.p_value <= 0.05)).all()
    assert 0 < outside.sum() < len(outside)


@pytest.mark.parametrize("count", [6, 9, 12])
def test_interval_holds_the_true_ratio_as_often_as_it_says(count):
    found = ratios_of(*samples(count, count, count=4000, factor=1.1))

    held = ((found.low <= 1.1) & (found.high >= 1.1)).mean()
    assert 0.935 <= held <= 0.965


def test_ratio_is_of_the_second_to_the_first():
    found = ratios_of(np.full((1, 6), 2.0), np.full((1, 6), 3.0))

    assert (found.value, found.low, found.high) == pytest.approx((1.5, 1.5, 1.5))
    assert found.p_value == 0


def test_equal_values_are_no_evidence():
    assert ratios_of(np.ones((1, 6)), np.ones((1, 6))).p_value == 1.0


def test_interval_of_too_few_is_without_end():
    found = ratios_of(*samples(3, 1))

    assert (found.low == 0).all()
    assert np.isinf(found.high).all()
    assert (found.p_value == 1).all()
