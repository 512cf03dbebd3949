from itertools import combinations

import numpy as np
import pytest

from benchsuite.measure.statistics import steps
from benchsuite.measure.statistics.steps import step_places


def noise(count, seed=0):
    return np.random.default_rng(seed).normal(size=count)


@pytest.mark.parametrize("places", [[10], [10, 20], [5, 15, 25]])
def test_planted_steps_are_found(places):
    series = noise(30)
    for sign, place in zip((1, -1, 1), places, strict=False):
        series[place:] += 6 * sign

    found = step_places(list(series))

    assert found == pytest.approx(places, abs=1)


@pytest.mark.parametrize("kind", ["normal", "laplace"])
def test_noise_seldom_has_steps(kind):
    generator = np.random.default_rng(0)
    series = getattr(generator, kind)(size=(200, 30))

    assert sum(bool(step_places(list(one))) for one in series) <= 0.05 * 200


def test_one_point_is_an_outlier_and_two_are_a_level():
    series = noise(20)
    series[9] += 50
    assert step_places(list(series)) == []

    series = noise(20)
    series[18:] += 50
    assert step_places(list(series)) == [18]


def test_series_without_noise_has_its_step():
    assert step_places([1.0] * 5 + [2.0] * 5) == [5]
    assert step_places([1.0] * 10) == []


@pytest.mark.parametrize("count", [0, 1, 3])
def test_few_points_have_one_level(count):
    assert step_places([float(n) for n in range(count)]) == []


def total(series, cuts):
    stretches = np.split(series, cuts)
    if min(map(len, stretches)) < 2:
        return np.inf
    penalty = steps._PENALTY * np.log(len(series)) * steps._noise(series)
    return penalty * len(cuts) + sum(np.abs(part - np.median(part)).sum() for part in stretches)


@pytest.mark.parametrize("seed", range(10))
def test_parting_is_the_best_of_all(seed):
    series = noise(9, seed)
    series[4:7] += 3 * seed
    every = [cuts for n in range(4) for cuts in combinations(range(1, 9), n)]

    assert tuple(step_places(list(series))) == min(every, key=lambda cuts: total(series, cuts))
