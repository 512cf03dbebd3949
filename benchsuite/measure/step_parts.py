"""What the parts of a training step take, from three programs of which each contains the last.

The loss; the loss and all gradients; the whole step. There is no clock within a step: a compiled
one has no inside, and waiting for the device between its parts would make it another.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from benchsuite.measure.flags import flags_of_most, spread_flags
from benchsuite.measure.statistics.estimates import median_estimate
from benchsuite.metrics import METRICS, Declaration
from benchsuite.records import Measurement
from benchsuite.records.series import Series

_NS_PER_S = 1e9
_PARTS = tuple(metric for metric in METRICS.values() if metric.summary == "part")


@dataclass(frozen=True, slots=True)
class _Own:
    """What a part itself takes in one process, in seconds a step."""

    seconds: float
    longer: Series
    shorter: Series | None

    @property
    def flags(self) -> tuple[str, ...]:
        """Of both series that it is the difference of."""
        return (*self.longer.flags, *(self.shorter.flags if self.shorter else ()))


def part_figures(series: Iterable[Series]) -> Iterator[Measurement]:
    """Forward, backward and update, as far as the processes sampled them.

    Of each process the difference of two programs' times; together with the first, they are the
    whole step.
    """
    processes: dict[int, dict[str, Series]] = {}
    for one in series:
        processes.setdefault(one.round, {})[one.metric] = one
    for part in _PARTS:
        longer, shorter = part.source or part.name, part.less
        own = [
            _own(found[longer], found.get(shorter))
            for found in processes.values()
            if {longer, shorter or longer} <= found.keys()
        ]
        if own:
            yield _figure(part, own)


def _own(longer: Series, shorter: Series | None) -> _Own:
    seconds = _seconds_per_call(longer) - (_seconds_per_call(shorter) if shorter else 0.0)
    return _Own(seconds, longer, shorter)


def _seconds_per_call(one: Series) -> float:
    """All time over all calls, as throughput has it."""
    return sum(one.samples) / (one.calls * len(one.samples) * _NS_PER_S)


def _figure(part: Declaration, own: Sequence[_Own]) -> Measurement:
    values = [one.seconds for one in own]
    estimate = median_estimate(values)
    low = estimate.low if estimate else median(values)
    refused = "" if low > 0 else f"a difference that may be nothing: it begins at {low:.2g} s"
    flags = flags_of_most([one.flags for one in own])
    if not refused:
        flags += spread_flags(values, part.better)
    shown = None if refused else estimate
    return Measurement.of(
        part,
        batch_size=own[0].longer.batch_size,
        values=tuple(values),
        rounds=tuple(one.longer.round for one in own),
        samples=sum(len(one.longer.samples) for one in own),
        value=None if refused else median(values),
        low=shown.low if shown else None,
        high=shown.high if shown else None,
        flags=tuple(flags),
        refused=refused,
    )
