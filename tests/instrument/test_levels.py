import math

import numpy as np
import pytest
from instrument import levels

TRIALS = 150


@pytest.fixture(scope="module")
def rows():
    return list(levels.rates(TRIALS, seed=1))


def excess(row):
    """By how much a row is worse than it says, beyond what is allowed and what chance makes."""
    chance = 3.5 * math.sqrt(row.stated * (1 - row.stated) / TRIALS)
    short = row.found - row.stated if row.is_error else row.stated - row.found
    return short - levels.TOLERANCE - chance


def test_every_level_that_is_stated_holds(rows):
    broken = [row for row in rows if row.withheld < 1 and excess(row) > 0]

    assert broken == []


def test_nothing_is_said_where_nothing_is_known(rows):
    silent = [row.what for row in rows if row.withheld == 1]

    assert len(silent) == 15
    assert all("3 processes" in what or "no anchor" in what for what in silent)


def test_little_else_is_withheld(rows):
    """Withholding all would keep every level."""
    others = [row for row in rows if row.withheld < 1]

    assert len(others) > 50
    assert max(row.withheld for row in others) <= 0.04


def test_noise_of_one_case_alone_is_no_level_that_is_stated():
    """What no order of rounds helps against: twenty rounds show it in most cases."""
    found = {row.what: row for row in levels.of_a_case(np.random.default_rng(0), 100)}

    lasting = found["A/A, 20 rounds, processes of a case follow by 0.95"]
    assert lasting.withheld >= 0.6
    assert lasting.found <= 0.3


@pytest.mark.parametrize(
    ("row", "kept"),
    [
        (levels.Rate("interval", 0.95, 0.93), True),
        (levels.Rate("interval", 0.95, 0.92), False),
        (levels.Rate("interval", 0.95, 0.00, withheld=1.0), True),
        (levels.Rate("pairs", 0.05, 0.07, is_error=True), True),
        (levels.Rate("pairs", 0.05, 0.08, is_error=True), False),
        (levels.Rate("pairs", 0.05, 0.08, withheld=0.9, is_error=True), False),
    ],
)
def test_level_is_kept_within_two_points(row, kept):
    assert row.is_kept == kept


def test_true_percentile_is_that_of_the_calls_drawn():
    generator = np.random.default_rng(0)
    drawn = np.concatenate([one for _ in range(100) for one in levels.calls(generator, 10, 0.0)])

    for share in (0.5, 0.9, 0.99):
        quantile = np.quantile(drawn, share)
        assert levels.true_quantile(share) == pytest.approx(quantile, rel=0.005)
