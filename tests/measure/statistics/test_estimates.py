import math

import numpy as np
import pytest

from benchsuite.measure.statistics.estimates import (
    median_estimate,
    median_ranks,
    pooled_quantiles,
    quantile_estimates,
    tail_bound,
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


def test_quantiles_give_every_process_the_same_weight():
    long, short = np.full(9000, 1.0), np.full(10, 2.0)

    (median, p90) = quantile_estimates([long, short], [0.4, 0.9])

    assert (median.value, p90.value) == (1.0, 2.0)


def test_quantiles_interval_knows_that_calls_of_one_process_are_alike():
    """Processes differ by far more than their calls: pooled calls would make it tiny."""
    generator = np.random.default_rng(0)
    levels = generator.normal(1.0, 0.1, 10)
    samples = [generator.normal(level, 1e-4, 400) for level in levels]

    (estimate,) = quantile_estimates(samples, [0.9])

    assert estimate.low <= np.quantile(np.concatenate(samples), 0.9) <= estimate.high
    assert estimate.high - estimate.low > 0.02


@pytest.mark.slow
def test_quantiles_interval_covers_as_often_as_it_says():
    generator = np.random.default_rng(1)
    true = 1.2815515594457831  # the normal distribution's 90th percentile
    covered = 0
    for _ in range(60):
        samples = [generator.normal(size=200) for _ in range(12)]
        (estimate,) = quantile_estimates(samples, [0.9])
        covered += estimate.low <= true <= estimate.high
    assert covered >= 52


def test_quantile_of_one_sample_is_the_sample():
    (estimate,) = quantile_estimates([np.array([3.0])], [0.99])

    assert (estimate.low, estimate.value, estimate.high) == (3.0, 3.0, 3.0)


@pytest.mark.parametrize(("share", "fewest"), [(0.9, 64), (0.99, 662), (0.999, 6636)])
def test_tails_bound_needs_the_samples_of_mlperf(share, fewest):
    samples = np.arange(fewest, dtype=float)

    assert tail_bound([samples[:-1]], share) is None
    assert tail_bound([samples], share) == samples[-2]


def test_tails_bound_is_not_below_a_percentile_that_weighs_processes_alike():
    slow, fast = np.full(700, 2.0), np.arange(30_000) / 30_000
    percentile = pooled_quantiles([slow, fast], [0.9])[0]

    assert percentile == 2.0
    assert tail_bound([slow, fast], 0.9) >= percentile


def test_tails_bound_is_seldom_below_the_percentile():
    generator = np.random.default_rng(2)
    true = -math.log(0.01)  # the exponential distribution's 99th percentile
    below = np.mean(
        [tail_bound([generator.exponential(size=1000)], 0.99) < true for _ in range(1000)]
    )
    assert below <= 0.02
