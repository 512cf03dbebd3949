"""What may be said of two rows' speeds: from rounds in which both took part."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from benchsuite.measure.flags import DISQUALIFYING, DOUBTFUL, at_own_batch
from benchsuite.measure.protocol import PROTOCOLS
from benchsuite.measure.statistics.verdicts import MARGIN, Comparison, compare_measurements, holm
from benchsuite.metrics import CONTESTED
from benchsuite.records import Measurement, Record
from benchsuite.report.columns.quantities import significant


@dataclass(frozen=True, slots=True)
class PairVerdict:
    """Of one figure, the first row against the second."""

    metric: str
    first: Record
    second: Record
    comparison: Comparison

    @property
    def ratio(self) -> str:
        """That of the figures, with its 95 % interval, such as `0.820 (0.801–0.838)`."""
        found = self.comparison.ratio
        value, low, high = map(significant, (found.value, found.low, found.high))
        return f"{value} ({low}–{high})"


def pair_verdicts(comparable: Sequence[Record]) -> list[PairVerdict]:
    """Every verdict on rows that may be compared; as one family, corrected after Holm."""
    # Rounds of two runs are no pairs: nothing took turns there.
    found = [
        PairVerdict(metric, first, second, comparison)
        for metric in CONTESTED
        for first, second in combinations(comparable, 2)
        if first.run == second.run
        if (one := _contested(first, metric)) and (other := _contested(second, metric))
        if (comparison := compared(one, other))
    ]
    corrected = holm([one.comparison for one in found])
    return [
        replace(one, comparison=comparison)
        for one, comparison in zip(found, corrected, strict=True)
    ]


def best_measured(
    comparable: Sequence[Record], measured: Callable[[Record], Measurement | None]
) -> set[str]:
    """Keys of the rows that no verdict sets apart from the best of their run, if there is any."""
    runs: dict[str, dict[str, Measurement]] = {}
    for record in comparable:
        found = measured(record)
        # A noisy or wide figure keeps its verdict, by paired rounds, but is never the best.
        if found and found.value is not None and is_fit(record, found, DOUBTFUL):
            runs.setdefault(record.run, {})[record.row_key] = found
    # Nobody is the best of one.
    return {key for fit in runs.values() if len(fit) > 1 for key in _best_of_run(fit)}


def _best_of_run(fit: Mapping[str, Measurement]) -> set[str]:
    choose = max if next(iter(fit.values())).better == "higher" else min
    top = choose(fit, key=lambda key: fit[key].value or 0.0)
    others = [key for key in fit if key != top]
    found = {key: comparison for key in others if (comparison := compared(fit[top], fit[key]))}
    corrected = dict(zip(found, holm(list(found.values())), strict=True))
    ties = {key for key, held in corrected.items() if held.verdict != "different"}
    return {top, *ties} if corrected else set()


def compared(one: Measurement, other: Measurement) -> Comparison | None:
    """What their common rounds say; None where these are too few."""
    return compare_measurements(one, other, margin_of(one, other))


def _contested(record: Record, metric: str) -> Measurement | None:
    found = at_own_batch(record, metric)
    return found if found and is_fit(record, found, DISQUALIFYING) else None


def is_fit(record: Record, measurement: Measurement, faults: frozenset[str]) -> bool:
    """Whether it is of a protocol that gives verdicts, and has none of these flags."""
    protocol = PROTOCOLS.get(record.case.protocol)
    sound = faults.isdisjoint(measurement.flags)
    return protocol is not None and protocol.gives_verdicts and sound


def margin_of(*measurements: Measurement) -> float:
    """What counts in practice, or what their machine can see at all."""
    return max(MARGIN, *(m.margin or 0.0 for m in measurements))
