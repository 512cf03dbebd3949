"""Two ways to do the same, timed in alternating blocks of one process.

So a drift of the machine's speed meets both.
"""

import sys
from statistics import median
from time import perf_counter

import pytest

#: Pairs of blocks. The median's 95 % confidence interval is then from the 40th to the 61st.
ROUNDS = 100
LOWEST = 39
BLOCK_S = 0.1


@pytest.fixture
def ratio_of(benchmark):
    """(name, calls of one way, calls of the other) -> interval of the ratio of their times."""

    def ratio(name, ours, theirs):
        for call in (ours, theirs):
            call(20)  # traced and warm
        calls = max(1, round(BLOCK_S / _seconds_per_call(theirs, 5)))

        def rounds():
            ways = (ours, theirs)
            pairs = [[_seconds_per_call(way, calls) for way in ways] for _ in range(ROUNDS)]
            ratios = sorted(one / other for one, other in pairs)
            return median(p[0] for p in pairs) / median(p[1] for p in pairs), ratios

        medians, ratios = benchmark.pedantic(rounds, rounds=1)
        low, high = ratios[LOWEST], ratios[-1 - LOWEST]
        benchmark.extra_info.update(ratio_of_medians=medians, interval=(low, high))
        sys.stdout.write(f"\n{name}: {medians:.3f} of the time ({low:.3f}–{high:.3f})\n")
        return low, high

    return ratio


def _seconds_per_call(call, calls):
    start = perf_counter()
    call(calls)
    return (perf_counter() - start) / calls
