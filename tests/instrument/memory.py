"""Whether a fresh process remembers the one before it: one case against itself, in many rounds.

    python tests/instrument/memory.py --arch cnn_basic --backend torch --rounds 40

The machine is another one from moment to moment, so that the times of a case follow each other.
The ratios of two equal cases do not, unless something of a case outlasts its process. Both are
shown as the correlation of one round with the next; of independent rounds, 95 % are within
2 / sqrt(rounds) of 0.
"""

import argparse
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchsuite.cli.progress import progress
from benchsuite.hooks import load_plugins
from benchsuite.measure import protocol
from benchsuite.measure.flags import at_own_batch
from benchsuite.metrics import CONTESTED
from benchsuite.orchestration.executor import execute
from benchsuite.orchestration.orchestrate import launched
from benchsuite.orchestration.scheduler import RunContext
from benchsuite.planning import make_spec
from benchsuite.planning.backend_inspection import inspect_backends
from benchsuite.records import Record, RunStore


def measured(arch: str, backend: str, rounds: int, results: str) -> tuple[Record, Record]:
    """The case twice, in so many rounds; a machine that is busy is what this is about."""
    tour = msgspec.structs.replace(protocol.TOUR, rounds=(rounds,), budget_s=float("inf"))
    protocol.PROTOCOLS[tour.name] = tour
    options = {"archs": [arch], "backends": [backend], "protocol": "tour", "epochs": 1}
    spec, plugins = make_spec({**options, "results": results}), load_plugins()
    with launched(None, spec, plugins) as running, progress() as observer:
        case = inspect_backends(spec, plugins, running).cases[0]
        context = RunContext(running, RunStore(Path(results), "memory"), spec.case_timeout_s)
        first, second = execute([case, case], context, observer, float("inf"))
    return first, second


def follows(values: NDArray[np.float64]) -> float:
    """The correlation of each value with the next, of (N,) values."""
    apart = values - values.mean()
    return float((apart[1:] * apart[:-1]).sum() / np.square(apart).sum())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--arch", default="cnn_basic")
    parser.add_argument("--backend", default="torch")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--results", default="results")
    asked = parser.parse_args()
    records = measured(asked.arch, asked.backend, asked.rounds, asked.results)
    print("figure,rounds,first,second,ratio")
    for metric in CONTESTED:
        found = [at_own_batch(record, metric) for record in records]
        first, second = (np.log(one.values) for one in found if one)
        shown = (f"{follows(series):.2f}" for series in (first, second, first - second))
        print(metric, len(first), *shown, sep=",")


if __name__ == "__main__":
    main()
