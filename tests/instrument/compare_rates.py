"""How often two runs of the same code are told apart, and how often a slow-down is found.

    python tests/instrument/compare_rates.py results/runs/RUN results/runs/RUN …
    python tests/instrument/compare_rates.py results/runs/RUN --processes 6,9,12 --pairs 1000

Of several runs of the same code, each is compared with the one before it, as `benchsuite compare`
does, and once more with every figure of speed slower by `--factor`. Of one run with many processes
of each case, pairs of runs are made up: of processes drawn from all (`independent`), and of
processes that followed each other (`successive`), so that the second run is another time of day
on the same machine, as two runs are.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations, pairwise
from pathlib import Path
from statistics import median

import msgspec
import numpy as np

from benchsuite.metrics import CONTESTED
from benchsuite.metrics.declared import ANCHOR
from benchsuite.records import Measurement, Record, Stored
from benchsuite.report.comparison.judge import judge
from benchsuite.report.comparison.metrics import metrics_named
from benchsuite.report.comparison.pairing import pair_sides
from benchsuite.report.comparison.rows import RecordRow, Row, read_side

SPEED = metrics_named(["latency", "throughput", "training"])
ANSWERS = ("worse", "better", "same", "inconclusive", "not comparable")

Change = Callable[[Measurement], Measurement]


def changed(rows: Sequence[Row], run: str, change: Change) -> list[Row]:
    """The same rows as another run's, with other measurements."""
    return [
        RecordRow(Stored(row.stored.path, _changed(row.record, run, change)))
        for row in rows
        if isinstance(row, RecordRow)
    ]


def _changed(record: Record, run: str, change: Change) -> Record:
    measurements = tuple(map(change, record.findings.measurements))
    findings = msgspec.structs.replace(record.findings, measurements=measurements)
    return msgspec.structs.replace(record, run=run, findings=findings)


def slower(factor: float) -> Change:
    def change(one: Measurement) -> Measurement:
        if one.metric not in CONTESTED:
            return one
        scale = factor if one.better == "lower" else 1 / factor
        ends = {n: v * scale for n in ("value", "low", "high") if (v := getattr(one, n))}
        values = tuple(value * scale for value in one.values)
        return msgspec.structs.replace(one, values=values, **ends)

    return change


def _unanchored(one: Measurement) -> Measurement:
    return msgspec.structs.replace(one, metric="none") if one.metric == ANCHOR.name else one


def of_processes(places: Sequence[int]) -> Change:
    """Some processes alone. Flags are of all of them together, and do not go with these."""

    def change(one: Measurement) -> Measurement:
        if one.metric not in (*CONTESTED, ANCHOR.name) or len(one.values) <= max(places):
            return one
        values = tuple(one.values[place] for place in places)
        return msgspec.structs.replace(
            one, values=values, rounds=tuple(range(len(values))), value=median(values), flags=()
        )

    return change


def made_up(
    rows: Sequence[Row], count: int, pairs: int
) -> Iterator[tuple[str, list[Row], list[Row]]]:
    """Pairs of runs of so many processes of each case: how they were made, and both."""
    processes = min(len(m.values) for row in rows if (m := row.measurement(CONTESTED[0])))
    generator = np.random.default_rng(0)
    windows = [range(start, start + count) for start in range(processes - count + 1)]
    apart = [(a, b) for a, b in combinations(windows, 2) if b.start >= a.stop]
    for _ in range(pairs):
        drawn = [generator.integers(0, processes, count).tolist() for _ in "ab"]
        yield (
            "independent",
            *(changed(rows, n, of_processes(d)) for n, d in zip("ab", drawn, strict=True)),
        )
    for windows_of_pair in (*apart, *(pair[::-1] for pair in apart)):
        yield (
            "successive",
            *(
                changed(rows, n, of_processes(w))
                for n, w in zip("ab", windows_of_pair, strict=True)
            ),
        )


def count_answers(
    pairs: Iterable[tuple[str, list[Row], list[Row]]], factor: float
) -> dict[str, tuple[int, Counter[str], int]]:
    """By how pairs were made: their number, all answers, and pairs with any worse or better."""
    found: dict[str, tuple[int, Counter[str], int]] = {}
    for made, first, second in pairs:
        planted = changed(second, "planted", slower(factor))
        answers = Counter(f.answer for f in judge(pair_sides(first, planted).pairs, SPEED))
        number, counts, apart = found.get(made, (0, Counter(), 0))
        told = bool(answers["worse"] + answers["better"])
        found[made] = (number + 1, counts + answers, apart + told)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--factor", type=float, default=1.1)
    parser.add_argument("--pairs", type=int, default=1000)
    parser.add_argument("--processes", default="6,9,12")
    parser.add_argument("--no-anchor", action="store_true", help="as if it had not been measured")
    asked = parser.parse_args()
    sides = [read_side(run) for run in asked.runs]
    if asked.no_anchor:
        sides = [changed(side, "unanchored", _unanchored) for side in sides]
    print("made,processes,factor,pairs,apart", *(a.replace(" ", "_") for a in ANSWERS), sep=",")
    for count in map(int, asked.processes.split(",")) if len(sides) == 1 else [0]:
        for factor in (1.0, asked.factor):
            pairs = (
                (("real", first, second) for first, second in pairwise(sides))
                if len(sides) > 1
                else made_up(sides[0], count, asked.pairs)
            )
            for made, (number, counts, apart) in count_answers(pairs, factor).items():
                shown = (counts[answer] for answer in ANSWERS)
                print(made, count or "all", factor, number, apart, *shown, sep=",", flush=True)


if __name__ == "__main__":
    main()
