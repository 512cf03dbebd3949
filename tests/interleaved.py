"""Two ways to do the same, timed in alternating blocks of one process: a fixture for benchmarks.

A drift of the machine's speed meets both. Each way is opened several times, every other time
first: where in memory a network's tensors happen to lie is worth two percent by itself.
"""

import sys
from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import NamedTuple

import pytest

#: The median's confidence interval is then from the least to the largest, at 97 %.
INSTANCES = 6
#: Pairs of blocks for each instance.
ROUNDS = 30
#: A block lasts about this long: above the clock's error, below most disturbances.
BLOCK_S = 0.05

#: Does what is timed a number of times, and may return the seconds a call that it measured itself.
Calls = Callable[[int], float | None]


class Ratio(NamedTuple):
    """Medians over the instances, in seconds per call, and of their ratios with the interval."""

    ours_s: float
    theirs_s: float
    median: float
    low: float
    high: float


@pytest.fixture
def ratio_of(benchmark):
    """(name, open one way, open the other) -> Ratio; an opened way is called with a number.

    calls: of a block, with `rounds` pairs of blocks; what has a start of its own needs many, or
    blocks of `block_s`.
    """

    def compare(
        name: str,
        ours: Callable[[], Calls],
        theirs: Callable[[], Calls],
        *,
        calls: int | None = None,
        rounds: int = ROUNDS,
        block_s: float = BLOCK_S,
    ) -> Ratio:
        ratio = benchmark.pedantic(_ratio, (ours, theirs, calls, rounds, block_s), rounds=1)
        benchmark.extra_info.update(ratio._asdict())
        sys.stdout.write(
            f"\n{name}: {ratio.median:.3f} of the time ({ratio.low:.3f}–{ratio.high:.3f}), "
            f"{ratio.ours_s * 1e3:.3f} ms and {ratio.theirs_s * 1e3:.3f} ms\n"
        )
        return ratio

    return compare


def _ratio(
    ours: Callable[[], Calls],
    theirs: Callable[[], Calls],
    calls: int | None,
    rounds: int,
    block_s: float,
) -> Ratio:
    seconds = []
    for index in range(INSTANCES):
        opened = (ours(), theirs()) if index % 2 == 0 else (theirs(), ours())[::-1]
        seconds.append(_instance(opened, calls, rounds, block_s))
    ratios = sorted(one / other for one, other in seconds)
    one, other = (median(side) for side in zip(*seconds, strict=True))
    return Ratio(one, other, median(ratios), ratios[0], ratios[-1])


def _instance(
    opened: tuple[Calls, Calls], calls: int | None, rounds: int, block_s: float
) -> tuple[float, float]:
    for way in opened:
        way(5)  # traced and warm
    calls = calls or max(1, round(block_s / _seconds_per_call(opened[1], 5)))
    blocks = [_block(opened, calls, ours_first=index % 2 == 0) for index in range(rounds)]
    one, other = (median(side) for side in zip(*blocks, strict=True))
    return one, other


def _block(pair: tuple[Calls, Calls], calls: int, *, ours_first: bool) -> tuple[float, float]:
    order = pair if ours_first else pair[::-1]
    first, second = (_seconds_per_call(way, calls) for way in order)
    return (first, second) if ours_first else (second, first)


def _seconds_per_call(way: Calls, calls: int) -> float:
    start = perf_counter()
    measured_s = way(calls)
    return (perf_counter() - start) / calls if measured_s is None else measured_s
