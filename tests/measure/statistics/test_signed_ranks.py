import numpy as np
import pytest
from scipy.stats import wilcoxon

from benchsuite.measure.statistics.signed_ranks import ratio_estimate


def test_no_interval_below_six_ratios():
    assert ratio_estimate([1.1] * 5) is None


def test_interval_of_six_is_from_the_least_to_the_largest():
    ratios = [1.0, 1.1, 1.2, 1.3, 1.4, 2.0]

    estimate = ratio_estimate(ratios)

    assert (estimate.low, estimate.high) == pytest.approx((1.0, 2.0))
    assert 1.2 < estimate.value < 1.3


@pytest.mark.parametrize("count", [6, 7, 8, 9, 12, 15, 20])
def test_interval_excludes_1_where_wilcoxons_test_does(count):
    generator = np.random.default_rng(count)
    logarithms = generator.normal(0.02, 0.03, (300, count))

    estimates = [ratio_estimate(np.exp(one)) for one in logarithms]

    outside = np.array([not one.low <= 1 <= one.high for one in estimates])
    assert (outside == (wilcoxon(logarithms, axis=1, mode="exact").pvalue <= 0.05)).all()
    assert 0 < outside.sum() < len(outside)


@pytest.mark.parametrize("count", [6, 7, 8, 9, 12, 15, 20])
@pytest.mark.parametrize("draw", ["normal", "laplace", "uniform"])
def test_interval_holds_the_ratio_as_often_as_it_says(count, draw):
    generator = np.random.default_rng(0)
    logarithms = {
        "normal": generator.normal,
        "laplace": generator.laplace,
        "uniform": lambda size: generator.uniform(-1, 1, size),
    }[draw](size=(3000, count))

    estimates = [ratio_estimate(np.exp(0.05 * one)) for one in logarithms]

    held = np.mean([one.low <= 1 <= one.high for one in estimates])
    assert 0.935 <= held <= 0.98


def test_ratio_is_the_inverse_of_the_inverse():
    ratios = np.random.default_rng(1).lognormal(0.1, 0.1, 9)

    there, back = ratio_estimate(ratios), ratio_estimate(1 / ratios)

    assert there.value == pytest.approx(1 / back.value)
    assert (there.low, there.high) == pytest.approx((1 / back.high, 1 / back.low))
