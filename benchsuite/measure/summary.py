"""From raw samples to figures: everything that a record says of speed follows from its series."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from benchsuite.contract.quantity import Quantity, Summary
from benchsuite.measure.flags import (
    BACKED_OFF,
    drift_flags,
    flags_of_most,
    is_unstable,
    spread_flags,
)
from benchsuite.measure.machine.energy import refusal
from benchsuite.measure.protocol import Protocol
from benchsuite.measure.statistics.estimates import (
    Estimate,
    median_estimate,
    process_quantiles,
    upper_bound,
)
from benchsuite.measure.step_parts import part_figures
from benchsuite.metrics import METRICS, Declaration
from benchsuite.metrics.declared import ANCHOR
from benchsuite.records import Measurement
from benchsuite.records.series import Series

_NS_PER_S, _UJ_PER_J = 1e9, 1e6
#: Of a tail's percentile: the fewest calls, all processes together, for any figure (those of MLPerf
#: inference's early stopping), and for an interval of it and a bound.
TAILS = {0.90: (64, 300), 0.99: (662, 3000)}
#: … and the fewest of one process, so that one is expected in its tail.
_FEWEST_IN_PROCESS = {0.90: 10, 0.99: 100}
#: Latencies below this are not timed call by call finely enough for a tail.
_SHORTEST_TAIL_S = 50e-6


def summarise(series: Iterable[Series], protocol: Protocol) -> tuple[Measurement, ...]:
    """The figures of one case, from what its processes measured; discarded series are left out.

    Raises UnknownNameError for a series that nobody declared.
    """
    kept = sorted((one for one in series if not one.discarded), key=lambda one: one.round)
    groups: dict[tuple[str, int], list[Series]] = {}
    for one in kept:
        groups.setdefault((one.metric, one.batch_size), []).append(one)
    figures = [found for group in groups.values() for found in _figures(group, protocol)]
    figures += part_figures(kept)
    anchors = [figure.values for figure in figures if figure.metric == ANCHOR.name]
    if any(map(is_unstable, anchors)):
        figures = [replace(figure, flags=(*figure.flags, "unstable_host")) for figure in figures]
    return tuple(figures)


def _figures(group: Sequence[Series], protocol: Protocol) -> list[Measurement]:
    """All that are made of the series of one quantity and batch."""
    declared = group[0].declared
    if declared is not None:
        return [_probed(declared, group, protocol)]
    drawn = METRICS.drawn_from(group[0].metric)
    tails = [one for one in drawn if one.summary == "tail"]
    figures = [_SUMMARIES[q.summary](q, group, protocol) for q in drawn if q.summary in _SUMMARIES]
    return [*figures[:1], *_tails(tails, group), *figures[1:]]


def _median_s(one: Series) -> float:
    return median(one.samples) / _NS_PER_S


def _images_per_s(one: Series) -> float:
    """All images over all time: never a mean of rates."""
    return one.images * len(one.samples) * _NS_PER_S / sum(one.samples)


def _joules_per_image(one: Series) -> float:
    return sum(one.energy_uj) / _UJ_PER_J / (one.images * len(one.samples))


def _watts(one: Series) -> float:
    return sum(one.energy_uj) / _UJ_PER_J * _NS_PER_S / sum(one.samples)


def _metered(quantity: Quantity, group: Sequence[Series], protocol: Protocol) -> Measurement:
    value = _joules_per_image if quantity.summary == "energy" else _watts
    refused = next(filter(None, map(refusal, group)), "")
    return _refused(_figure(quantity, group, [value(one) for one in group], protocol), refused)


def _timed(quantity: Quantity, group: Sequence[Series], protocol: Protocol) -> Measurement:
    value = _images_per_s if quantity.summary == "rate" else _median_s
    return _figure(quantity, group, [value(one) for one in group], protocol)


def _probed(quantity: Quantity, group: Sequence[Series], protocol: Protocol) -> Measurement:
    """A probe's: of the processes in which it gave samples; refused if any refused."""
    value = max if quantity.summary == "maximum" else median
    given = [one for one in group if one.values]
    refused = next((one.refused for one in group if one.refused), "")
    if not given:
        nothing = {"values": (), "samples": 0, "value": None, "batch_size": group[0].batch_size}
        return Measurement.of(quantity, **nothing, refused=refused)
    found = _figure(quantity, given, [value(one.values) for one in given], protocol)
    return _refused(found, refused)


def _refused(figure: Measurement, why: str) -> Measurement:
    return replace(figure, value=None, low=None, high=None, refused=why) if why else figure


def _figure(
    quantity: Quantity, group: Sequence[Series], values: Sequence[float], protocol: Protocol
) -> Measurement:
    """The median of one value a process, and what is wrong with it."""
    flags = dict.fromkeys(flags_of_most([one.flags for one in group]))
    flags.update(dict.fromkeys(drift_flags([one.samples for one in group])))
    if min(values) > 0:  # shares of nothing say nothing
        flags.update(dict.fromkeys(spread_flags(values, quantity.better)))
    estimate, precision = median_estimate(values), _precision(quantity.name)
    if estimate and precision and estimate.half_width > precision:
        flags["wide" if len(values) >= protocol.rounds[-1] else "budget"] = None
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


def _tails(quantities: Sequence[Declaration], group: Sequence[Series]) -> list[Measurement]:
    """One for each percentile that is declared of these samples."""
    samples = [np.asarray(one.samples) / _NS_PER_S for one in group]
    return [_tail(one, group, samples) for one in quantities]


def _tail(
    quantity: Declaration, group: Sequence[Series], samples: Sequence[NDArray[np.float64]]
) -> Measurement:
    """Of the processes' percentiles what `_figure` is of their medians."""
    values = process_quantiles(samples, quantity.share)
    count, refused = sum(map(len, samples)), _no_tail(samples, quantity.share)
    replicated = not refused and count >= TAILS[quantity.share][1]
    estimate = median_estimate(values) if replicated else None
    return Measurement.of(
        quantity,
        batch_size=group[0].batch_size,
        values=tuple(values),
        rounds=tuple(one.round for one in group),
        samples=count,
        value=None if refused else median(values),
        low=estimate.low if estimate else None,
        high=estimate.high if estimate else None,
        bound=upper_bound(values) if replicated else None,
        refused=refused,
    )


def _no_tail(samples: Sequence[NDArray[np.float64]], share: float) -> str:
    """Why calls have no such percentile; empty where they have."""
    count, least = sum(map(len, samples)), min(map(len, samples))
    if count < TAILS[share][0]:
        return f"{count} calls; it takes {TAILS[share][0]}"
    if least < _FEWEST_IN_PROCESS[share]:
        return f"{least} calls in a process; it takes {_FEWEST_IN_PROCESS[share]}"
    if median(map(np.median, samples)) < _SHORTEST_TAIL_S:
        return f"calls shorter than {_SHORTEST_TAIL_S * 1e6:.0f} µs have no tail that is theirs"
    return ""


def _first(quantity: Quantity, group: Sequence[Series], _protocol: Protocol) -> Measurement:
    """The very first call of the process, or the first training step."""
    values = [one.warmups[0] / _NS_PER_S for one in group]
    estimate = median_estimate(values)
    return Measurement.of(
        quantity,
        batch_size=group[0].batch_size,
        values=tuple(values),
        rounds=tuple(one.round for one in group),
        samples=len(values),
        value=median(values),
        low=estimate.low if estimate else None,
        high=estimate.high if estimate else None,
        flags=tuple({BACKED_OFF}.intersection(group[0].flags)),
    )


#: How samples become a figure; tails and parts of a step are made of several at once.
_SUMMARIES: Mapping[Summary, Callable[[Quantity, Sequence[Series], Protocol], Measurement]] = {
    "median": _timed,
    "rate": _timed,
    "energy": _metered,
    "power": _metered,
    "first": _first,
}


def is_precise(measurements: Iterable[Measurement]) -> bool:
    """Whether every interval that rounds are added for is as narrow as its declaration wants it."""
    return all(_is_precise(measurement) for measurement in measurements)


def _precision(metric: str) -> float | None:
    """How narrow the interval is wanted; of a probe's, it is as it comes."""
    return METRICS[metric].precision if metric in METRICS else None


def _is_precise(measurement: Measurement) -> bool:
    precision = _precision(measurement.metric)
    value, low, high = measurement.value, measurement.low, measurement.high
    if precision is None or measurement.refused:
        return True  # no number of rounds is sure to change that
    if value is None or low is None or high is None:
        return False
    return Estimate(value, low, high).half_width <= precision
