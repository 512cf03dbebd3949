"""Warm-up: calls before the first sample, until their times have settled."""

from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np

from benchsuite.measure.protocol import Protocol

_NS_PER_S = 1_000_000_000
#: Medians of blocks that must agree: the last four with the four before, and without a slope.
_BLOCKS, _HALF = 8, 4
_BLOCK_CALLS, _BLOCK_NS, _LONG_BLOCK_NS = 10, 50_000_000, 500_000_000
_TOLERANCE = 0.02


def warm_up(timed: Callable[[], int], protocol: Protocol) -> tuple[list[int], bool]:
    """Call until warm-up is over; nanoseconds of each call, and whether steady.

    The first call, in which frameworks compile, does not count for the time.
    """
    calls = [timed()]
    spent, steady = 0, Steadiness()
    # A limit, since calls of nanoseconds would fill the memory before time is up.
    while len(calls) < protocol.most_samples:
        if len(calls) >= _enough_calls(calls, protocol) and spent >= protocol.warmup_s * _NS_PER_S:
            late = spent >= protocol.warmup_cap_s * _NS_PER_S
            if late or not protocol.until_steady or steady.reached():
                break
        calls.append(timed())
        spent += calls[-1]
        steady.add(calls[-1])
    return calls, steady.reached()


def _enough_calls(calls: Sequence[int], protocol: Protocol) -> int:
    """Slow calls are repeated less often."""
    slow = calls[-1] > protocol.slow_call_s * _NS_PER_S
    return protocol.slow_warmup_calls if slow else protocol.warmup_calls


class Steadiness:
    """Whether the times of calls have settled, judged by medians of blocks of them.

    A block is ten calls or 50 ms, whichever is longer, but ends after half a second. Settled: of
    the last eight medians, that of the later four is within 2 % of that of the earlier four, and
    the Theil-Sen slope over all eight (Theil 1950, Sen 1968) amounts to no more than that.
    """

    def __init__(self) -> None:
        self._medians: list[float] = []
        self._block: list[int] = []

    def add(self, nanoseconds: int) -> None:
        """One more call."""
        self._block.append(nanoseconds)
        spent = sum(self._block)
        full = len(self._block) >= _BLOCK_CALLS and spent >= _BLOCK_NS
        if full or spent >= _LONG_BLOCK_NS:
            self._medians.append(float(np.median(self._block)))
            self._block = []

    def reached(self) -> bool:
        """Whether the last eight blocks agree."""
        last = self._medians[-_BLOCKS:]
        if len(last) < _BLOCKS:
            return False
        middle = float(np.median(last))
        change = float(np.median(last[_HALF:]) / np.median(last[:_HALF])) - 1
        pairs = combinations(enumerate(last), 2)
        slope = float(np.median([(b - a) / (j - i) for (i, a), (j, b) in pairs]))
        return abs(change) <= _TOLERANCE and abs(slope * _BLOCKS) <= _TOLERANCE * middle
