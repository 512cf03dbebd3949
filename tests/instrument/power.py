"""How often the protocol's verdicts are wrong, and how often they see a planted difference.

    python tests/instrument/power.py results/runs/RUN [--pairs 1000] [--rounds 12]
    python tests/instrument/power.py --simulated [--pairs 1000] [--rounds 12]

From the raw samples of a run with twenty processes or more of each case: rounds are drawn from
its processes with replacement, one side is made slower by a known factor, and the protocol's own
code stops, flags and decides. A pair of the same case with the factor 1 is an A/A trial. Simulated
processes are independent, and others for every twenty pairs.
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from benchsuite.measure.flags import DISQUALIFYING
from benchsuite.measure.protocol import FULL
from benchsuite.measure.statistics.verdicts import (
    compare_measurements,
    fewest_rounds,
    holm,
)
from benchsuite.measure.summary import is_precise, summarise
from benchsuite.metrics import CONTESTED
from benchsuite.records import Measurement
from benchsuite.records.series import Reading, Series, read_series

FACTORS = (1.0, 1.02, 1.03, 1.05, 1.10)
_FEWEST_PROCESSES, _BLOCKS = 20, 9
_COMPARED = frozenset(CONTESTED)

Processes = dict[int, list[Series]]

#: Simulated: of each figure the batch, nanoseconds of a sample, samples, and processes' spread.
_SIMULATED = {
    "latency": (1, 250_000, _BLOCKS, 0.035),
    "inference_throughput": (64, 8_000_000, 5, 0.015),
    "training_throughput": (32, 9_000_000, 5, 0.03),
}
_DEGREES, _CALL_SPREAD, _PAIRS_OF_PROCESSES = 6, 0.002, 20


def simulated(generator: np.random.Generator) -> Processes:
    """Twenty processes, their levels spread as Student's t: some are stragglers."""
    reading = Reading(seconds=1.0, cores_used=1.0)
    to_unit = np.sqrt((_DEGREES - 2) / _DEGREES)
    found: Processes = {}
    for number in range(_FEWEST_PROCESSES):
        for metric, (size, usual, count, spread) in _SIMULATED.items():
            level = usual * np.exp(spread * to_unit * generator.standard_t(_DEGREES))
            samples = level * np.exp(generator.normal(0.0, _CALL_SPREAD, count))
            told = {"batch_size": size, "images": size, "round": number, "reading": reading}
            times = tuple(round(ns) for ns in samples.tolist())
            series = Series(metric=metric, samples=times, warmups=times[:1], **told)
            found.setdefault(number, []).append(series)
    return found


def processes_of(path: Path) -> Processes:
    """A case's series by round, those that verdicts rest on."""
    found: Processes = {}
    for series in read_series(path):
        if series.metric in _COMPARED and not series.discarded:
            found.setdefault(series.round, []).append(in_blocks(series))
    return found


def in_blocks(series: Series) -> Series:
    """The same figure of the process in a few samples, where a median makes it.

    Medians of blocks have nearly the median of all, and its drift.
    """
    if series.metric != "latency":
        return series
    blocks = np.array_split(series.samples, _BLOCKS)
    medians = tuple(round(float(np.median(block))) for block in blocks)
    return msgspec.structs.replace(series, samples=medians)


def draw(
    processes: Processes, rounds: int, factor: float, generator: np.random.Generator
) -> list[Series]:
    """So many rounds of this case, slower by the factor."""
    numbers = sorted(processes)
    drawn = generator.choice(numbers, rounds)
    return [
        msgspec.structs.replace(
            series, round=place, samples=tuple(round(ns * factor) for ns in series.samples)
        )
        for place, number in enumerate(drawn)
        for series in processes[number]
    ]


def decide(
    first: Sequence[Series], second: Sequence[Series], rungs: Sequence[int]
) -> dict[tuple[str, int], str]:
    """The protocol's verdict on each figure, at the rung at which it would have stopped."""
    for rung in rungs:
        sides = [summary([s for s in side if s.round < rung]) for side in (first, second)]
        if all(is_precise(side.values()) for side in sides):
            break
    return rule(*sides)


def summary(series: Sequence[Series]) -> dict[tuple[str, int], Measurement]:
    found = summarise(series, FULL)
    return {(m.metric, m.batch_size or 0): m for m in found if m.metric in _COMPARED}


def rule(
    first: dict[tuple[str, int], Measurement], second: dict[tuple[str, int], Measurement]
) -> dict[tuple[str, int], str]:
    fit = [
        key for key in first if DISQUALIFYING.isdisjoint({*first[key].flags, *second[key].flags})
    ]
    found = {key: compare_measurements(first[key], second[key]) for key in fit}
    decided = {key: comparison for key, comparison in found.items() if comparison}
    corrected = holm(list(decided.values()))
    verdicts = dict.fromkeys(first, "refused")
    verdicts.update({k: c.verdict for k, c in zip(decided, corrected, strict=True)})
    return verdicts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, nargs="?", help="of twenty processes of each case")
    parser.add_argument("--simulated", action="store_true", help="processes of no run")
    parser.add_argument("--pairs", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=FULL.rounds[-1], help="a budget's, at most")
    asked = parser.parse_args()
    if (asked.run is None) != asked.simulated:
        parser.error("name a run, or --simulated")
    generator = np.random.default_rng(0)
    rungs = [n for n in FULL.rounds if fewest_rounds(len(CONTESTED)) <= n <= asked.rounds]
    print("case,processes,figure,batch_size,factor,pairs,different,equivalent,inconclusive,refused")
    if asked.simulated:
        drawn = [simulated(generator) for _ in range(0, asked.pairs, _PAIRS_OF_PROCESSES)]
        _print_case("simulated", drawn, asked.pairs, rungs, generator)
        return
    for path in sorted(asked.run.glob("samples/*.jsonl")):
        processes = processes_of(path)
        if len(processes) >= _FEWEST_PROCESSES:
            _print_case(path.stem, [processes], asked.pairs, rungs, generator)


def _print_case(
    name: str,
    cases: Sequence[Processes],
    pairs: int,
    rungs: Sequence[int],
    generator: np.random.Generator,
) -> None:
    """cases: each pair's, in turns."""
    for factor in FACTORS:
        counts: dict[tuple[str, int], Counter[str]] = {}
        for number in range(pairs):
            processes = cases[number % len(cases)]
            sides = [draw(processes, rungs[-1], f, generator) for f in (factor, 1.0)]
            for key, verdict in decide(*sides, rungs).items():
                counts.setdefault(key, Counter())[verdict] += 1
        for (metric, size), count in sorted(counts.items()):
            shown = (count[v] for v in ("different", "equivalent", "inconclusive", "refused"))
            row = (name, len(cases[0]), metric, size, factor, pairs, *shown)
            print(*row, sep=",", flush=True)


if __name__ == "__main__":
    main()
