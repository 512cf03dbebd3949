"""Runs that are killed at random moments; `kill_trials.py` has many more of them."""

import pytest
from kill_trials import tried, undisturbed

pytestmark = pytest.mark.faults


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    return undisturbed(tmp_path_factory.mktemp("undisturbed"))


@pytest.mark.parametrize("seed", range(2))
def test_killed_run_goes_on_and_comes_to_the_same(seed, expected, tmp_path):
    state, seconds = expected
    assert {name.partition(".")[2][:12] for name in state} == {"numpy-linear", "oddversion.c"}

    assert tried(tmp_path, seed, state, seconds) == []
