"""The numbers of the measurement protocol, under a name that every record carries."""

from __future__ import annotations

import msgspec


class Protocol(msgspec.Struct, frozen=True, kw_only=True):
    """How long and how often each figure is sampled.

    warmup_calls, warmup_s: a call is repeated until both are reached, before any sample.
    latency_calls, latency_s: single calls are sampled until both are reached …
    latency_cap_s: … or until this much time has passed.
    windows, window_s, window_calls: throughput is sampled over windows of at least so long
        and so many calls; a window of slow calls ends with `window_calls`.
    pool: distinct inputs that are cycled, so that nothing can be cached.
    """

    name: str
    warmup_calls: int
    warmup_s: float
    latency_calls: int
    latency_s: float
    latency_cap_s: float
    windows: int
    window_s: float
    window_calls: int
    pool: int


#: One process, seconds per figure: a tour, not a verdict.
TOUR = Protocol(
    name="tour-1",
    warmup_calls=3,
    warmup_s=0.3,
    latency_calls=30,
    latency_s=1.5,
    latency_cap_s=4.0,
    windows=3,
    window_s=0.8,
    window_calls=2,
    pool=64,
)
PROTOCOLS = {TOUR.name: TOUR}
