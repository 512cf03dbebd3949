import math

import numpy as np
import pytest

from benchsuite.measure.statistics.estimates import (
    median_estimate,
    median_ranks,
    pooled_quantiles,
    process_quantiles,
    upper_bound,
)


@pytest.mark.parametrize(
    ("count", "ranks"),
    [
        *((5, None), (6, (1, 6)), (7, (1, 7)), (8, (1, 8)), (9, (2, 8))),
        *((12, (3, 10)), (15, (4, 12)), (20, (6, 15))),
    ],
)
def test_ranks_of_the_medians_interval_are_the_published_ones(count, ranks):
    assert median_ranks(count) == ranks


@pytest.mark.parametrize(
    ("count", "confidence"), [(6, 0.969), (9, 0.961), (12, 0.961), (15, 0.965), (20, 0.959)]
)
def test_interval_holds_the_median_as_often_as_it_says(count, confidence):
    generator = np.random.default_rng(0)
    draws = generator.lognormal(sigma=1.0, size=(4000, count))  # its median is 1
    estimates = [median_estimate(draw) for draw in draws]

    holds = np.mean([estimate.low <= 1.0 <= estimate.high for estimate in estimates])

    assert holds == pytest.approx(confidence, abs=0.012)


def test_median_has_no_interval_below_six_processes():
    assert median_estimate([1.0] * 5) is None
    estimate = median_estimate([3.0, 1.0, 2.0, 6.0, 5.0, 4.0])
    assert (estimate.low, estimate.value, estimate.high) == (1.0, 3.5, 6.0)
    assert estimate.half_width == pytest.approx(2.5 / 3.5)


def test_pooled_quantiles_give_every_process_the_same_weight():
    long, short = np.full(9000, 1.0), np.full(10, 2.0)

    assert pooled_quantiles([long, short], [0.4, 0.9]).tolist() == [1.0, 2.0]


def test_percentiles_interval_knows_that_calls_of_one_process_are_alike():
    """Processes differ by far more than their calls: pooled calls would make it tiny."""
    generator = np.random.default_rng(0)
    levels = generator.normal(1.0, 0.1, 10)
    samples = [generator.normal(level, 1e-4, 400) for level in levels]

    values = process_quantiles(samples, 0.9)

    assert values == pytest.approx(levels, abs=5e-4)
    estimate = median_estimate(values)
    assert estimate.high - estimate.low > 0.02


@pytest.mark.parametrize("share", [0.9, 0.99])
def test_processes_percentile_is_as_often_too_low_as_too_high(share):
    """As the interval by ranks needs it: numpy's own percentile is too low in six of ten."""
    generator = np.random.default_rng(1)
    values = process_quantiles(list(generator.exponential(size=(4000, 150))), share)

    assert np.mean(np.array(values) < -math.log(1 - share)) == pytest.approx(0.5, abs=0.03)


def test_percentile_of_one_sample_is_the_sample():
    assert process_quantiles([np.array([3.0])], 0.99) == [3.0]


def test_bound_is_students_on_logarithms():
    values = np.exp([0.0, 0.1, 0.2, 0.3, 0.4, 0.5])

    mean, deviation = 0.25, math.sqrt(0.175 / 5)
    assert upper_bound(values) == pytest.approx(
        math.exp(mean + 3.3649 * deviation / math.sqrt(6)), rel=1e-4
    )
    assert upper_bound(values[:5]) is None


@pytest.mark.parametrize("processes", [6, 9, 12])
def test_bound_is_seldom_below_the_typical_process(processes):
    generator = np.random.default_rng(2)
    draws = generator.lognormal(sigma=0.1, size=(3000, processes))  # its median is 1

    below = np.mean([upper_bound(draw) < 1.0 for draw in draws])

    assert 0.004 <= below <= 0.018
