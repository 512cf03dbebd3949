"""How often the protocol's verdicts are wrong, and how often they see a planted difference.

    python tests/instrument/power.py results/runs/RUN [--pairs 1000] [--rounds 12]

From the raw samples of a run with twenty processes or more of each case: rounds are drawn from
its processes with replacement, one side is made slower by a known factor, and the protocol's own
code stops, flags and decides. A pair of the same case with the factor 1 is an A/A trial.
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
from benchsuite.records.series import Series, read_series

FACTORS = (1.0, 1.02, 1.03, 1.05, 1.10)
_FEWEST_PROCESSES, _BLOCKS = 20, 9
_COMPARED = frozenset(CONTESTED)

Processes = dict[int, list[Series]]


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
    parser.add_argument("run", type=Path)
    parser.add_argument("--pairs", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=FULL.rounds[-1], help="a budget's, at most")
    asked = parser.parse_args()
    generator = np.random.default_rng(0)
    rungs = [n for n in FULL.rounds if fewest_rounds(len(CONTESTED)) <= n <= asked.rounds]
    print("case,processes,figure,batch_size,factor,pairs,different,equivalent,inconclusive,refused")
    for path in sorted(asked.run.glob("samples/*.jsonl")):
        processes = processes_of(path)
        if len(processes) < _FEWEST_PROCESSES:
            continue
        for factor in FACTORS:
            counts: dict[tuple[str, int], Counter[str]] = {}
            for _ in range(asked.pairs):
                sides = [draw(processes, rungs[-1], f, generator) for f in (factor, 1.0)]
                for key, verdict in decide(*sides, rungs).items():
                    counts.setdefault(key, Counter())[verdict] += 1
            for (metric, size), count in sorted(counts.items()):
                shown = (count[v] for v in ("different", "equivalent", "inconclusive", "refused"))
                row = (path.stem, len(processes), metric, size, factor, asked.pairs, *shown)
                print(*row, sep=",", flush=True)


if __name__ == "__main__":
    main()
