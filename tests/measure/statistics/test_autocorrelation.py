import numpy as np
import pytest

from benchsuite.measure.statistics.autocorrelation import LEVEL, is_autocorrelated


@pytest.mark.parametrize("count", [6, 9, 12, 20])
def test_what_climbs_or_falls_throughout_follows_itself(count):
    assert is_autocorrelated(range(count))
    assert is_autocorrelated(range(count, 0, -1))


@pytest.mark.parametrize("values", [[1.0, 2.0] * 6, [1.0] * 9, [1.0, 3.0, 2.0, 5.0, 4.0, 0.0]])
def test_what_goes_up_and_down_or_nowhere_does_not(values):
    assert not is_autocorrelated(values)


@pytest.mark.parametrize("count", [6, 9, 20])
def test_independent_values_are_seldom_taken_for_such(count):
    """Each is a difference that is not found."""
    generator = np.random.default_rng(0)
    taken = np.mean([is_autocorrelated(one) for one in generator.normal(size=(1500, count))])

    assert taken <= 2.5 * LEVEL


def test_long_series_that_follows_itself_is_found():
    generator = np.random.default_rng(1)
    found = 0
    for _ in range(200):
        series = generator.normal(size=20)
        for place in range(1, 20):
            series[place] = 0.9 * series[place - 1] + np.sqrt(0.19) * series[place]
        found += is_autocorrelated(series)
    assert found >= 0.6 * 200
