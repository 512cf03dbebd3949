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
from benchsuite.measure.step_parts import measurement_of, part_figures, refuse
from benchsuite.metrics import METRICS, Declaration
from benchsuite.metrics.declared import ANCHOR
from benchsuite.records import Measurement, Proof
from benchsuite.records.series import Series

_NS_PER_S, _UJ_PER_J = 1e9, 1e6
#: Of a tail's percentile: the fewest calls, all processes together, for any figure (those of MLPerf
#: inference's early stopping), and for an interval of it and a bound.
TAILS = {0.90: (64, 300), 0.99: (662, 3000)}
#: … and the fewest of one process, so that one is expected in its tail.
_FEWEST_IN_PROCESS = {0.90: 10, 0.99: 100}
#: Of a batch's throughput: what is faster by less than this part is as good as another.
GAIN = 0.02
#: Latencies below this are not timed call by call finely enough for a tail.
_SHORTEST_TAIL_S = 50e-6


def summarise(
    series: Iterable[Series], protocol: Protocol, proofs: Iterable[Proof] = ()
) -> tuple[Measurement, ...]:
    """The figures of one case, from what its processes measured; discarded series are left out.

    proofs: of these series; where one failed, the figures that it is about are refused.

    Raises UnknownNameError for a series that nobody declared.
    """
    kept = sorted((one for one in series if not one.discarded), key=lambda one: one.round)
    groups: dict[tuple[str, int], list[Series]] = {}
    for one in kept:
        groups.setdefault((one.metric, one.batch_size), []).append(one)
    figures = [found for group in groups.values() for found in _figures(group, protocol)]
    figures += part_figures(kept)
    anchors = [figure.values for figure in figures if figure.metric == ANCHOR.name]
    # The same work each time: if its times vary, so does the machine below all figures.
    if any(map(is_unstable, anchors)):
        figures = [replace(figure, flags=(*figure.flags, "unstable_host")) for figure in figures]
    failed = [proof for proof in proofs if not proof.passed]
    return tuple(refuse(figure, _disproof(figure, failed)) for figure in figures)


def _disproof(figure: Measurement, failed: Sequence[Proof]) -> str:
    """What is wrong with what a figure is made of; empty where nothing is."""
    declared = METRICS.get(figure.metric)
    made_of = {figure.metric, *((declared.source, declared.less) if declared else ())}
    told = (
        proof.detail
        for proof in failed
        if made_of.intersection(proof.metrics) and proof.batch_size in (None, figure.batch_size)
    )
    return "; ".join(dict.fromkeys(told))


def _figures(group: Sequence[Series], protocol: Protocol) -> list[Measurement]:
    """All that are made of the series of one quantity and batch."""
    declared = group[0].declared
    if declared is not None:
        return [_probed(declared, group, protocol)]
    drawn = METRICS.drawn_from(group[0].metric)
    tails = [one for one in drawn if one.summary == "tail"]
    return [
        *(_sampled(one, group, protocol) for one in drawn if one.summary in _OF_PROCESS),
        *_tails(tails, group),
        *(_first(one, group) for one in drawn if one.summary == "first"),
    ]


def _median_s(one: Series) -> float:
    return median(one.samples) / _NS_PER_S


def images_per_s(one: Series) -> float:
    """All images over all time: never a mean of rates."""
    return one.images * len(one.samples) * _NS_PER_S / sum(one.samples)


def _joules_per_image(one: Series) -> float:
    return sum(one.energy_uj) / _UJ_PER_J / (one.images * len(one.samples))


def _watts(one: Series) -> float:
    return sum(one.energy_uj) / _UJ_PER_J * _NS_PER_S / sum(one.samples)


def _sampled(quantity: Quantity, group: Sequence[Series], protocol: Protocol) -> Measurement:
    value = _OF_PROCESS[quantity.summary]
    refused = ""
    if quantity.summary in ("energy", "power"):
        refused = next(filter(None, map(refusal, group)), "")
    return refuse(_figure(quantity, group, [value(one) for one in group], protocol), refused)


def _probed(quantity: Quantity, group: Sequence[Series], protocol: Protocol) -> Measurement:
    """A probe's: of the processes in which it gave samples; refused if any refused."""
    value = max if quantity.summary == "maximum" else median
    given = [one for one in group if one.values]
    refused = next((one.refused for one in group if one.refused), "")
    if not given:
        nothing = {"values": (), "samples": 0, "value": None, "batch_size": group[0].batch_size}
        return Measurement.of(quantity, **nothing, refused=refused)
    found = _figure(quantity, given, [value(one.values) for one in given], protocol)
    return refuse(found, refused)


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
        # Before the last round nothing but the budget ends rounds while intervals are wide.
        flags["wide" if len(values) >= protocol.rounds[-1] else "budget"] = None
    return measurement_of(quantity, group, values, estimate, flags)


def _tails(quantities: Sequence[Declaration], group: Sequence[Series]) -> list[Measurement]:
    """One for each percentile that is declared of these samples."""
    samples = [np.asarray(one.samples) / _NS_PER_S for one in group]
    return [_tail(one, group, samples) for one in quantities]


def _tail(
    quantity: Declaration, group: Sequence[Series], samples: Sequence[NDArray[np.float64]]
) -> Measurement:
    """Of the processes' percentiles what `_figure` is of their medians."""
    values, refused = process_quantiles(samples, quantity.share), _no_tail(samples, quantity.share)
    replicated = not refused and sum(map(len, samples)) >= TAILS[quantity.share][1]
    figure = measurement_of(
        quantity, group, values, median_estimate(values) if replicated else None
    )
    return refuse(replace(figure, bound=upper_bound(values) if replicated else None), refused)


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


def _first(quantity: Quantity, group: Sequence[Series]) -> Measurement:
    """The very first call of the process, or the first training step."""
    values = [one.warmups[0] / _NS_PER_S for one in group]
    flags = {BACKED_OFF}.intersection(group[0].flags)
    figure = measurement_of(quantity, group, values, median_estimate(values), flags)
    return replace(figure, samples=len(values))


#: By how a quantity is summarised, a process's value; tails and parts are made of several at once.
_OF_PROCESS: Mapping[Summary, Callable[[Series], float]] = {
    "median": _median_s,
    "rate": images_per_s,
    "energy": _joules_per_image,
    "power": _watts,
}


def is_precise(measurements: Iterable[Measurement]) -> bool:
    """Whether every interval that rounds are added for is as narrow as its declaration wants it."""
    return all(map(_is_precise, measurements))


def _is_precise(figure: Measurement) -> bool:
    precision = _precision(figure.metric)
    if precision is None or figure.refused:
        return True  # no number of rounds is sure to change that
    if figure.value is None or figure.low is None or figure.high is None:
        return False
    return Estimate(figure.value, figure.low, figure.high).half_width <= precision


def _precision(metric: str) -> float | None:
    """How narrow the interval is wanted; of a probe's, it is as it comes."""
    return METRICS[metric].precision if metric in METRICS else None


def best_batch_size(curve: Sequence[Series]) -> int:
    """The smallest batch whose throughput is the highest, or as good as that: gains end there."""
    highest = max(map(images_per_s, curve))
    return min(one.batch_size for one in curve if images_per_s(one) >= highest * (1 - GAIN))
