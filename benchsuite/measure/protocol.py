"""The numbers of the measurement protocol, under a name that every record carries."""

from __future__ import annotations

import msgspec


class Protocol(msgspec.Struct, frozen=True, kw_only=True):
    """How long and how often each figure is sampled.

    warmup_calls, warmup_s: a call is repeated until both are reached, before any sample.
    latency_calls, latency_s: single calls are sampled until both are reached …
    latency_cap_s: … or until this much time has passed.
    most_samples: no figure takes more samples or warm-up calls than this.
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
    most_samples: int
    windows: int
    window_s: float
    window_calls: int
    pool: int


#: One process, seconds per figure: a tour, not a verdict.
TOUR = Protocol(
    name="tour-1",
    warmup_calls=2,
    warmup_s=0.3,
    latency_calls=30,
    latency_s=1.5,
    latency_cap_s=4.0,
    most_samples=5000,
    windows=3,
    window_s=1.0,
    window_calls=1,
    pool=64,
)
#: Goes the whole road in a moment: shows that it works, not how fast anything is.
SMOKE = Protocol(
    name="smoke-1",
    warmup_calls=2,
    warmup_s=0.0,
    latency_calls=3,
    latency_s=0.0,
    latency_cap_s=1.0,
    most_samples=100,
    windows=2,
    window_s=0.0,
    window_calls=1,
    pool=2,
)
PROTOCOLS = {protocol.name: protocol for protocol in (TOUR, SMOKE)}
