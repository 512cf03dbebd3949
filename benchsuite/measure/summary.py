"""From raw samples to figures: everything that a record says of speed follows from its series."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from statistics import median
from typing import Literal

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from benchsuite.measure import anchor
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
    quantile_estimates,
    tail_bound,
)
from benchsuite.measure.step_parts import PARTS, part_figures
from benchsuite.records import Measurement
from benchsuite.records.series import Series

_NS_PER_S, _UJ_PER_J = 1e9, 1e6
_LATENCIES = ("latency", "latency_host")
#: Of the machine's or the framework's start, rather than of the network's speed.
_ASIDE = ("import", "build", anchor.METRIC)
#: For which no round is added: sampled once a process, so that no number of rounds in reach makes
#: them precise, or explaining another figure.
_AS_THEY_COME = frozenset({*_ASIDE, "first_call", "first_training_step", *PARTS})
#: Of a tail's percentile: the fewest calls, all processes together, for any figure and its bound,
#: and for an interval of it.
TAILS = {0.90: (64, 300), 0.99: (662, 3000)}
#: Half-widths of intervals that are narrow enough.
PRECISION, TAIL_PRECISION = 0.02, {0.90: 0.05, 0.99: 0.10}
#: Latencies below this are not timed call by call finely enough for a tail.
_SHORTEST_TAIL_S = 50e-6


def summarise(series: Iterable[Series], protocol: Protocol) -> tuple[Measurement, ...]:
    """The figures of one case, from what its processes measured; discarded series are left out."""
    kept = sorted((one for one in series if not one.discarded), key=lambda one: one.round)
    groups: dict[tuple[str, int], list[Series]] = {}
    for one in kept:
        if one.metric not in PARTS:
            groups.setdefault((one.metric, one.batch_size), []).append(one)
    figures = [found for group in groups.values() for found in _figures(group, protocol)]
    figures += part_figures(kept)
    anchors = [figure.values for figure in figures if figure.metric == anchor.METRIC]
    if any(map(is_unstable, anchors)):
        figures = [replace(figure, flags=(*figure.flags, "unstable_host")) for figure in figures]
    return tuple(figures)


def _figures(group: Sequence[Series], protocol: Protocol) -> list[Measurement]:
    metric = group[0].metric
    if metric in _LATENCIES:
        return [_figure(group, "s", "lower", _median_s, protocol), *_tails(group), *_first(group)]
    if metric in _ASIDE:
        return [_figure(group, "s", "lower", _median_s, protocol)]
    if metric == "energy_per_image":
        return [_metered(group, "J/image", _joules_per_image, protocol)]
    if metric == "idle_power":
        return [_metered(group, "W", _watts, protocol)]
    return [_figure(group, "images/s", "higher", _images_per_s, protocol), *_first(group)]


def _median_s(one: Series) -> float:
    return median(one.samples) / _NS_PER_S


def _images_per_s(one: Series) -> float:
    """All images over all time: never a mean of rates."""
    return one.images * len(one.samples) * _NS_PER_S / sum(one.samples)


def _joules_per_image(one: Series) -> float:
    return sum(one.energy_uj) / _UJ_PER_J / (one.images * len(one.samples))


def _watts(one: Series) -> float:
    return sum(one.energy_uj) / _UJ_PER_J * _NS_PER_S / sum(one.samples)


def _metered(
    group: Sequence[Series], unit: str, value: Callable[[Series], float], protocol: Protocol
) -> Measurement:
    found = _figure(group, unit, "lower", value, protocol)
    refused = next(filter(None, map(refusal, group)), "")
    if not refused:
        return found
    return replace(found, value=None, low=None, high=None, refused=refused)


def _figure(
    group: Sequence[Series],
    unit: str,
    better: Literal["higher", "lower"],
    value: Callable[[Series], float],
    protocol: Protocol,
) -> Measurement:
    values = [value(one) for one in group]
    flags = dict.fromkeys(flags_of_most([one.flags for one in group]))
    flags.update(dict.fromkeys(drift_flags([one.samples for one in group])))
    flags.update(dict.fromkeys(spread_flags(values, better)))
    estimate = median_estimate(values)
    if estimate and estimate.half_width > PRECISION and group[0].metric not in _ASIDE:
        flags["wide" if len(values) >= protocol.rounds[-1] else "budget"] = None
    return Measurement(
        metric=group[0].metric,
        unit=unit,
        better=better,
        batch_size=group[0].batch_size,
        values=tuple(values),
        rounds=tuple(one.round for one in group),
        samples=sum(len(one.samples) for one in group),
        value=median(values),
        low=estimate.low if estimate else None,
        high=estimate.high if estimate else None,
        flags=tuple(flags),
    )


def _tails(group: Sequence[Series]) -> list[Measurement]:
    samples = [np.asarray(one.samples) / _NS_PER_S for one in group]
    calls = sum(map(len, samples))
    shares = [share for share, (fewest, _) in TAILS.items() if calls >= fewest]
    estimates = dict(zip(shares, quantile_estimates(samples, shares), strict=True))
    return [_tail(group, samples, share, estimates.get(share)) for share in TAILS]


def _tail(
    group: Sequence[Series],
    samples: Sequence[NDArray[np.float64]],
    share: float,
    estimate: Estimate | None,
) -> Measurement:
    pooled, (fewest, for_interval) = np.concatenate(samples), TAILS[share]
    refused = ""
    if estimate is None:
        refused = f"{len(pooled)} calls; it takes {fewest}"
    elif float(np.median(pooled)) < _SHORTEST_TAIL_S:
        refused = f"calls shorter than {_SHORTEST_TAIL_S * 1e6:.0f} µs have no tail that is theirs"
    shown = None if refused else estimate
    interval = shown if len(pooled) >= for_interval and len(group) > 1 else None
    return Measurement(
        metric=f"{group[0].metric}_p{round(share * 100)}",
        unit="s",
        better="lower",
        batch_size=group[0].batch_size,
        values=tuple(float(np.quantile(part, share)) for part in samples),
        rounds=tuple(one.round for one in group),
        samples=len(pooled),
        value=shown.value if shown else None,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        bound=tail_bound(samples, share) if shown else None,
        refused=refused,
    )


def _first(group: Sequence[Series]) -> list[Measurement]:
    """The very first call of the process, or the first training step."""
    names = {"latency": "first_call", "training_throughput": "first_training_step"}
    name = names.get(group[0].metric)
    if name is None:
        return []
    values = [one.warmups[0] / _NS_PER_S for one in group]
    estimate = median_estimate(values)
    return [
        Measurement(
            metric=name,
            unit="s",
            better="lower",
            batch_size=group[0].batch_size,
            values=tuple(values),
            rounds=tuple(one.round for one in group),
            samples=len(values),
            value=median(values),
            low=estimate.low if estimate else None,
            high=estimate.high if estimate else None,
            flags=tuple({BACKED_OFF}.intersection(group[0].flags)),
        )
    ]


def is_precise(measurements: Iterable[Measurement]) -> bool:
    """Whether every interval that rounds are added for is as narrow as the protocol wants it."""
    return all(_is_precise(m) for m in measurements if m.metric not in _AS_THEY_COME)


def _is_precise(measurement: Measurement) -> bool:
    value, low, high = measurement.value, measurement.low, measurement.high
    if measurement.refused:
        return True  # no number of rounds is sure to change that
    if value is None or low is None or high is None:
        return False
    share = measurement.metric.rpartition("_p")[2]
    wanted = TAIL_PRECISION.get(float(share) / 100, PRECISION) if share.isdigit() else PRECISION
    return Estimate(value, low, high).half_width <= wanted
