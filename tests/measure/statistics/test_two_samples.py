import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from benchsuite.measure.statistics.two_samples import ratios_of


def samples(first, second, count=200, factor=1.0, seed=0):
    generator = np.random.default_rng(seed)
    one = generator.lognormal(sigma=0.05, size=(count, first))
    return one, factor * generator.lognormal(sigma=0.05, size=(count, second))


@pytest.mark.parametrize(("first", "second"), [(6, 6), (9, 6), (12, 20), (1, 1)])
def test_p_value_is_that_of_mann_and_whitney(first, second):
    one, other = samples(first, second, factor=1.04)

    expected = mannwhitneyu(one, other, axis=1, method="exact").pvalue
    assert ratios_of(one, other).p_value == pytest.approx(expected)


def test_interval_excludes_1_where_the_test_does():
    found = ratios_of(*samples(6, 9, factor=1.05))

    outside = (found.low > 1) | (found.high < 1)
    assert (outside == (found.p_value <= 0.05)).all()
    assert 0 < outside.sum() < len(outside)


@pytest.mark.parametrize("count", [6, 9, 12])
def test_interval_holds_the_true_ratio_as_often_as_it_says(count):
    found = ratios_of(*samples(count, count, count=4000, factor=1.1))

    held = ((found.low <= 1.1) & (found.high >= 1.1)).mean()
    assert 0.945 <= held <= 0.975


def test_ratio_is_of_the_second_to_the_first():
    found = ratios_of(np.full((1, 6), 2.0), np.full((1, 6), 3.0))

    assert (found.value, found.low, found.high) == (1.5, 1.5, 1.5)


def test_equal_values_are_no_evidence():
    assert ratios_of(np.ones((1, 6)), np.ones((1, 6))).p_value == 1.0


def test_interval_of_too_few_is_without_end():
    found = ratios_of(*samples(3, 3))

    assert (found.low == 0).all()
    assert np.isinf(found.high).all()
