"""What the parts of a training step take, from three programs of which each contains the last.

The loss; the loss and all gradients; the whole step. There is no clock within a step: a compiled
one has no inside, and waiting for the device between its parts would make it another.
"""

from collections.abc import Iterable, Iterator, Sequence
from statistics import median

from msgspec.structs import replace

from benchsuite.contract.quantity import Quantity
from benchsuite.measure.flags import flags_of_most, spread_flags
from benchsuite.measure.statistics.estimates import Estimate, median_estimate
from benchsuite.metrics import METRICS, Declaration
from benchsuite.records import Measurement
from benchsuite.records.series import Series

_NS_PER_S = 1e9
_PARTS = tuple(metric for metric in METRICS.values() if metric.summary == "part")


def part_figures(series: Iterable[Series]) -> Iterator[Measurement]:
    """Forward, backward and update, as far as the processes sampled them.

    Of each process the difference of two programs' times; together with the first, they are the
    whole step.
    """
    processes: dict[int, dict[str, Series]] = {}
    for one in series:
        processes.setdefault(one.round, {})[one.metric] = one
    for part in _PARTS:
        # The longer program and, but for the first part, the one that it contains.
        names = tuple(filter(None, (part.source or part.name, part.less)))
        sampled = [[of[n] for n in names] for of in processes.values() if of.keys() >= {*names}]
        if sampled:
            yield _figure(part, sampled)


def _figure(part: Declaration, processes: Sequence[Sequence[Series]]) -> Measurement:
    """processes: of each its two programs, or the first part's one."""
    values = [_own_s(*programs) for programs in processes]
    estimate = median_estimate(values)
    # Below six processes, the value alone says whether it may be nothing.
    low = estimate.low if estimate else median(values)
    refused = "" if low > 0 else f"a difference that may be nothing: it begins at {low:.2g} s"
    flags = flags_of_most([[f for one in programs for f in one.flags] for programs in processes])
    if not refused:
        flags += spread_flags(values, part.better)
    longer = [programs[0] for programs in processes]
    return refuse(measurement_of(part, longer, values, estimate, flags), refused)


def _own_s(longer: Series, shorter: Series | None = None) -> float:
    """What a part itself takes in one process, in seconds a step."""
    return _seconds_per_call(longer) - (_seconds_per_call(shorter) if shorter else 0.0)


def _seconds_per_call(one: Series) -> float:
    """All time over all calls, as throughput has it."""
    return sum(one.samples) / (one.calls * len(one.samples) * _NS_PER_S)


def measurement_of(
    quantity: Quantity,
    group: Sequence[Series],
    values: Sequence[float],
    estimate: Estimate | None,
    flags: Iterable[str] = (),
) -> Measurement:
    """The median of one value a process, with its interval where there are enough of them."""
    return Measurement.of(
        quantity,
        batch_size=group[0].batch_size,
        values=tuple(values),
        rounds=tuple(one.round for one in group),
        samples=sum(len(one.samples or one.values) for one in group),
        value=median(values),
        low=estimate.low if estimate else None,
        high=estimate.high if estimate else None,
        flags=tuple(flags),
    )


def refuse(figure: Measurement, why: str) -> Measurement:
    """The same without its value, unless there is no reason."""
    nothing = {"value": None, "low": None, "high": None, "bound": None}
    return replace(figure, **nothing, refused=why) if why else figure
