"""How often intervals hold the truth, and how often verdicts are wrong where nothing differs.

    python tests/instrument/levels.py [--trials 2000]

Every row simulates one thing that is stated. `stated` is its level, `found` how often it was so,
and `withheld` how often nothing was said at all. Spreads are standard deviations of logarithms.
"""

import argparse
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from benchsuite.measure.statistics.estimates import (
    Estimate,
    median_estimate,
    process_quantiles,
    upper_bound,
)
from benchsuite.measure.statistics.proportions import mean_difference, paired_difference
from benchsuite.measure.statistics.verdicts import (
    MARGIN_OF_FRACTIONS,
    Comparison,
    compare_pairs,
    holm,
    verdict_of,
)
from benchsuite.metrics.declared import ANCHOR, LATENCY
from benchsuite.records import Measurement
from benchsuite.report.comparison.change import Change
from benchsuite.report.comparison.changes import Figures, speed_changes

Floats = NDArray[np.float64]

#: Of one process.
CALLS, CALL_SPREAD = 400, 0.10
#: So many calls take half as long again: a tail that no normal distribution has.
HICCUPS = 0.02
PROCESS_SPREADS, ANCHOR_SPREAD = (0.0, 0.05, 0.20), 0.016
#: How far from what it says a level may be.
TOLERANCE = 0.02


@dataclass(frozen=True, slots=True)
class Rate:
    """One row. An error rate is at most what is stated, a coverage at least."""

    what: str
    stated: float
    found: float
    withheld: float = 0.0
    is_error: bool = False

    @property
    def is_kept(self) -> bool:
        """Whether it holds within two points, or nothing is said."""
        if self.withheld == 1.0:
            return True
        short = self.found - self.stated if self.is_error else self.stated - self.found
        return short <= TOLERANCE + 1e-9  # rounded otherwise


def rates(trials: int, seed: int = 0) -> Iterator[Rate]:
    """All rows that state a level."""
    generator = np.random.default_rng(seed)
    for simulate in (quantiles, rounds, two_runs, accuracies):
        yield from simulate(generator, trials)


def quantiles(generator: np.random.Generator, trials: int) -> Iterator[Rate]:
    """Percentiles' intervals and bounds: of the process in the middle of all."""
    for spread in PROCESS_SPREADS:
        for processes in (3, 6, 9, 12):
            drawn = [calls(generator, processes, spread) for _ in range(trials)]
            for share in (0.50, 0.90, 0.99):
                values = [process_quantiles(one, share) for one in drawn]
                truth = true_quantile(share)
                name = f"p{100 * share:.0f}, {processes} processes, spread {spread:.0%}"
                yield _held(f"interval of {name}", 0.95, map(median_estimate, values), truth)
            yield _held(f"bound of {name}", 0.99, map(_below, values), truth)


def calls(generator: np.random.Generator, processes: int, spread: float) -> list[Floats]:
    """Seconds of the calls of each process, which differ from one to the next by that much."""
    shape = (processes, CALLS)
    levels = generator.normal(0.0, spread, (processes, 1))
    times = np.exp(levels + generator.normal(0.0, CALL_SPREAD, shape))
    return list(np.where(generator.random(shape) < HICCUPS, 1.5 * times, times))


def true_quantile(share: float) -> float:
    """Of the calls of a process whose level is 1, by bisection."""
    normal, low, high = NormalDist(0.0, CALL_SPREAD), 0.5, 3.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        usual, slow = (normal.cdf(float(np.log(middle / factor))) for factor in (1.0, 1.5))
        reached = (1 - HICCUPS) * usual + HICCUPS * slow
        low, high = (low, middle) if reached >= share else (middle, high)
    return low


def _below(values: Sequence[float]) -> Estimate | None:
    found = upper_bound(values)
    return None if found is None else Estimate(found, 0.0, found)


def _held(what: str, stated: float, found: Iterable[Estimate | None], truth: float) -> Rate:
    """How often intervals hold the truth, of those that are given."""
    estimates = list(found)
    given = [one for one in estimates if one]
    held = sum(one.low <= truth <= one.high for one in given)
    withheld = 1 - len(given) / len(estimates)
    return Rate(what, stated, held / max(1, len(given)), withheld)


def rounds(generator: np.random.Generator, trials: int) -> Iterator[Rate]:
    """Pairs of one code: noise of the moment follows itself, and who is first is drawn."""
    for count in (6, 9, 12, 20):
        for follows in (0.0, 0.5, 0.8, 0.95):
            pairs = (_in_turns(generator, count, follows) for _ in range(trials))
            name = f"A/A, {count} rounds, moments follow by {follows}"
            yield _told_apart(name, (compare_pairs(*pair) for pair in pairs))


def of_a_case(generator: np.random.Generator, trials: int) -> Iterator[Rate]:
    """The same, where the noise is that of one case from process to process.

    No order of rounds helps against it, and no level is stated: fresh processes do not have it.
    """
    for count in (9, 12, 20):
        for follows in (0.5, 0.8, 0.95):
            pairs = (np.exp(0.05 * series(generator, (2, count), follows)) for _ in range(trials))
            name = f"A/A, {count} rounds, processes of a case follow by {follows}"
            yield _told_apart(name, (compare_pairs(*pair) for pair in pairs))


def _in_turns(generator: np.random.Generator, count: int, follows: float) -> Floats:
    """What two cases take in so many rounds, (2, count): moments, and a little of their own."""
    moments = 0.05 * series(generator, (2 * count,), follows).reshape(count, 2)
    in_order = generator.permuted(moments, axis=1)
    return np.exp(in_order + generator.normal(0.0, 0.01, in_order.shape)).T


def series(generator: np.random.Generator, shape: tuple[int, ...], follows: float) -> Floats:
    """Of standard deviation 1, autoregressive of the first order along the last axis."""
    found = generator.normal(size=shape)
    for place in range(1, shape[-1]):
        new = np.sqrt(1 - follows**2) * found[..., place]
        found[..., place] = follows * found[..., place - 1] + new
    return found


def _told_apart(what: str, found: Iterable[Comparison | None]) -> Rate:
    comparisons = [holm([one])[0] for one in found if one]
    wrong = sum(one.verdict == "different" for one in comparisons)
    withheld = sum(bool(one.flag) for one in comparisons)
    total = len(comparisons)
    return Rate(what, 0.05, wrong / total, withheld / total, is_error=True)


def two_runs(generator: np.random.Generator, trials: int) -> Iterator[Rate]:
    """Runs of one code: their spreads differ, or their machine does."""
    for counts, spreads in (
        ((6, 6), (0.05, 0.05)),
        ((12, 6), (0.02, 0.20)),
        ((6, 12), (0.02, 0.20)),
        ((6, 6), (0.02, 0.20)),
    ):
        pairs = (_runs(generator, counts, spreads) for _ in range(trials))
        name = f"two runs, {counts[0]} and {counts[1]} processes, spreads {spreads[0]:.0%} and "
        yield _judged(f"{name}{spreads[1]:.0%}", 0.05, pairs)
    for machine in (0.03, 0.06, 0.10):
        for shown in (None, 0.5, 1.0, 1.5):
            how = "no anchor" if shown is None else f"a figure changes by {shown} of its anchor"
            pairs = (_runs(generator, (6, 6), (0.02, 0.02), machine, shown) for _ in range(trials))
            yield _judged(f"two runs, machines spread by {machine:.0%}, {how}", 0.05, pairs)


def _runs(
    generator: np.random.Generator,
    counts: tuple[int, int],
    spreads: tuple[float, float],
    machine: float = 0.0,
    share: float | None = 1.0,
) -> Figures:
    """A latency of two runs; a machine that is slower slows the figure by a share of that."""
    sides: list[Measurement] = []
    for count, spread in zip(counts, spreads, strict=True):
        slower = generator.normal(0.0, machine)
        own = (1.0 if share is None else share) * slower
        for quantity, level, noise in ((LATENCY, own, spread), (ANCHOR, slower, ANCHOR_SPREAD)):
            values = np.exp(level + generator.normal(0.0, noise, count)).tolist()
            told = {"values": values, "rounds": range(count), "samples": count, "value": 1.0}
            sides.append(Measurement.of(quantity, **told))
    first, first_anchor, second, second_anchor = sides
    anchors = () if share is None else (first_anchor, second_anchor)
    return Figures(first, second, *anchors)


def _judged(what: str, stated: float, figures: Iterable[Figures]) -> Rate:
    changes = speed_changes(list(figures))
    wrong, withheld = sum(map(_is_verdict, changes)), sum(one.p_value is None for one in changes)
    return Rate(what, stated, wrong / len(changes), withheld / len(changes), is_error=True)


def _is_verdict(change: Change) -> bool:
    if change.estimate is None or change.p_value is None or change.p_value > 0.05:
        return False
    return verdict_of(change.estimate, change.margin) == "different"


def accuracies(generator: np.random.Generator, trials: int) -> Iterator[Rate]:
    """Of networks that are as good as each other, and of seeds of one code."""
    images = 1000
    for agreement in (0.0, 0.8):
        found = [
            paired_difference(*_recognised(generator, images, agreement)) for _ in range(trials)
        ]
        wrong = np.mean([one.p_value <= 0.05 for one in found])
        name = f"these two networks, which share {agreement:.0%} of {images} images"
        yield Rate(f"accuracy of {name}", 0.05, float(wrong), is_error=True)
    for seeds in (2, 3, 5, 10):
        spread = generator.normal(0.0, 0.02, (trials, seeds))
        differences = [mean_difference(one.tolist(), 1 / images) for one in spread]
        wrong = np.mean([_is_apart(one.estimate, one.p_value) for one in differences])
        yield Rate(f"accuracy of {seeds} seeds of one code", 0.05, float(wrong), is_error=True)


def _is_apart(estimate: Estimate, p_value: float) -> bool:
    return p_value <= 0.05 and verdict_of(estimate, MARGIN_OF_FRACTIONS, 0.0) == "different"


def _recognised(
    generator: np.random.Generator, images: int, agreement: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which of the images either network recognises: 90 % each."""
    first, second, both = generator.random((3, images)) < 0.9
    alike = generator.random(images) < agreement
    return np.where(alike, both, first), np.where(alike, both, second)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=2000)
    asked = parser.parse_args()
    print("| what | stated | found | withheld | |\n|---|---|---|---|---|")
    simulations: list[Callable[[np.random.Generator, int], Iterator[Rate]]] = [of_a_case]
    further = (row for one in simulations for row in one(np.random.default_rng(1), asked.trials))
    for row in rates(asked.trials):
        print(_shown(row, "kept" if row.is_kept else "BROKEN"), flush=True)
    for row in further:
        print(_shown(row, "not stated"), flush=True)


def _shown(row: Rate, verdict: str) -> str:
    cells = (f"{100 * share:.1f}" for share in (row.stated, row.found, row.withheld))
    return f"| {row.what} | {' | '.join(cells)} | {verdict} |"


if __name__ == "__main__":
    main()
