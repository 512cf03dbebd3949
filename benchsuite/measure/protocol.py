"""The numbers of the measurement protocol, under a name that every record carries."""

from __future__ import annotations

from typing import Any

import msgspec

from benchsuite.measure.statistics.estimates import FEWEST_PROCESSES


class Protocol(msgspec.Struct, frozen=True, kw_only=True):
    """How often each figure is sampled, and for how long.

    rounds: after so many rounds of one process a case, precision is looked at; the last ends it.
    budget_s: no further round begins once its cases have taken so long, on average.
    quiet_s: longest wait for a quiet machine before a clock starts; 0 does not wait.
    retries: of a process beside which other programs ran.
    warmup_calls, warmup_s: a call is repeated until both are reached, before any sample.
    slow_call_s, slow_warmup_calls: calls that take longer than that are warmed up less often.
    until_steady, warmup_cap_s: whether warm-up goes on until times settle, and at most how long.
    latency_calls, latency_s: single calls are sampled until both are reached …
    latency_cap_s: … or until this much time has passed.
    most_samples: no figure takes more samples or warm-up calls of one process than this.
    windows, window_s, window_calls: throughput is sampled over windows of at least so long
        and so many calls.
    thorough: whether also latency from the host, throughput over doubling batches, and the parts
        of a training step.
    pool: distinct inputs that are cycled, so that nothing can be cached.
    energy_windows: of ten seconds, where the device has a counter of energy; 0 measures none.
    """

    name: str
    rounds: tuple[int, ...]
    budget_s: float
    quiet_s: float
    retries: int
    warmup_calls: int
    warmup_s: float
    slow_call_s: float
    slow_warmup_calls: int
    until_steady: bool
    warmup_cap_s: float
    latency_calls: int
    latency_s: float
    latency_cap_s: float
    most_samples: int
    windows: int
    window_s: float
    window_calls: int
    thorough: bool
    pool: int
    energy_windows: int = 0

    @property
    def gives_verdicts(self) -> bool:
        """Whether its rounds are enough for an interval."""
        return self.rounds[0] >= FEWEST_PROCESSES

    def shortened(self, windows: int, window_s: float, **changes: Any) -> Protocol:  # noqa: ANN401 - other fields
        """Fewer and shorter windows, at most, for figures of which no interval is wanted."""
        return msgspec.structs.replace(
            self,
            windows=min(self.windows, windows),
            window_s=min(self.window_s, window_s),
            until_steady=False,
            **changes,
        )


#: The protocol of benchsuite's verdicts: fresh processes, until the intervals are narrow.
FULL = Protocol(
    name="full-1",
    rounds=(6, 9, 12, 15, 20),  # six are the fewest that have an interval
    budget_s=600.0,
    quiet_s=120.0,
    retries=3,
    warmup_calls=50,
    warmup_s=0.3,
    slow_call_s=0.1,
    slow_warmup_calls=5,
    until_steady=True,
    warmup_cap_s=20.0,
    latency_calls=300,
    latency_s=2.0,
    latency_cap_s=20.0,
    most_samples=50_000,
    windows=5,
    window_s=1.0,
    window_calls=5,
    thorough=True,
    pool=64,
    energy_windows=3,
)
#: Three processes of the same: an indication, and no verdict.
QUICK = msgspec.structs.replace(
    FULL, name="quick-1", rounds=(3,), retries=1, thorough=False, energy_windows=0
)
#: One process, seconds per figure: a tour, not a verdict.
TOUR = msgspec.structs.replace(
    QUICK,
    name="tour-2",
    rounds=(1,),
    quiet_s=0.0,  # a first impression: others are flagged, and not waited for
    retries=0,
    warmup_calls=2,
    slow_warmup_calls=2,
    until_steady=False,
    latency_calls=30,
    latency_s=1.5,
    latency_cap_s=4.0,
    most_samples=5000,
    windows=3,
    window_calls=1,
)
#: Goes the whole road in a moment: shows that it works, not how fast anything is.
SMOKE = msgspec.structs.replace(
    TOUR,
    name="smoke-2",
    warmup_s=0.0,
    latency_calls=3,
    latency_s=0.0,
    latency_cap_s=1.0,
    most_samples=100,
    windows=2,
    window_s=0.0,
    pool=2,
)
#: By what users call them, and by the name that records carry.
NAMED = {"full": FULL, "quick": QUICK, "tour": TOUR, "smoke": SMOKE}
PROTOCOLS = {protocol.name: protocol for protocol in NAMED.values()}
