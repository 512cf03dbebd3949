import itertools

import numpy as np
import pytest
from msgspec.structs import replace

from benchsuite.measure.protocol import FULL, TOUR
from benchsuite.measure.warmup import Steadiness, warm_up

MS = 1_000_000


def run(times_ms, protocol=FULL):
    times = iter(times_ms)
    return warm_up(lambda: round(next(times) * MS), protocol)


def test_warm_up_ends_once_times_have_settled():
    falling = [10.0 * (1 + 0.5 * np.exp(-i / 60)) for i in range(3000)]

    calls, steady = run(falling)

    assert steady
    assert calls[-1] / MS == pytest.approx(10.0, rel=0.02)
    assert len(calls) >= 80  # eight blocks of ten calls


def test_warm_up_goes_on_to_its_cap_where_times_never_settle():
    climbing = (1.0 * 1.002**i for i in itertools.count())

    calls, steady = run(climbing)

    assert not steady
    assert sum(calls) >= FULL.warmup_cap_s * 1e9


@pytest.mark.parametrize("change", ["level", "slope"])
def test_steadiness_wants_neither_a_step_nor_a_slope(change):
    steadiness = Steadiness()
    for block in range(8):
        late = 1.05 if block >= 4 else 1.0
        factor = late if change == "level" else 1 + 0.004 * block
        for _ in range(10):
            steadiness.add(round(10 * MS * factor))
    assert not steadiness.reached()


def test_steadiness_needs_eight_blocks():
    steadiness = Steadiness()
    for _ in range(79):
        steadiness.add(10 * MS)
    assert not steadiness.reached()
    steadiness.add(10 * MS)
    assert steadiness.reached()


def test_slow_calls_make_blocks_of_their_own():
    calls, steady = run(itertools.repeat(600.0))

    assert steady
    assert len(calls) == 9  # the first belongs to none


def test_fast_calls_are_repeated_for_the_protocols_time():
    calls, _ = run(itertools.repeat(0.1), replace(FULL, until_steady=False))

    assert len(calls) == 3001  # 0.3 s, and the first


def test_slow_calls_are_repeated_less_often():
    calls, _ = run(itertools.repeat(200.0), replace(FULL, until_steady=False))

    assert len(calls) == FULL.slow_warmup_calls


def test_warm_up_of_a_tiny_network_ends_at_the_most_samples():
    calls, _ = run(itertools.repeat(0.001), replace(TOUR, most_samples=100))

    assert len(calls) == 100


def test_first_call_may_take_as_long_as_it_wants():
    calls, steady = run(itertools.chain([60_000.0], itertools.repeat(10.0)))

    assert steady
    assert len(calls) == 81
