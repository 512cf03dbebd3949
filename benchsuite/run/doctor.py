"""The examination of a machine: one case against itself shows what differences it can see."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

from benchsuite.errors import BenchsuiteError
from benchsuite.hooks import Plugins
from benchsuite.measure.host import examine_host, score
from benchsuite.measure.verdicts import CONTESTED, compare_measurements, farthest
from benchsuite.records import Case, Record, RunStore
from benchsuite.run.conduct import plan
from benchsuite.run.diagnosis import Diagnosis, Sight, write_diagnosis
from benchsuite.run.executor import Executor, Observer
from benchsuite.run.processes import WorkerPool
from benchsuite.run.spec import RunSpec


def examine(spec: RunSpec, plugins: Plugins, observer: Observer, host: str) -> Diagnosis:
    """Look at the machine, then measure the spec's first case against itself.

    Raises as `conduct` does, and BenchsuiteError where the case does not run.
    """
    complaints = examine_host(time.sleep)
    case = plan(spec, plugins)[0]
    first, second = _against_itself(case, spec, plugins, observer)
    diagnosis = Diagnosis(
        host=host,
        case=case.id,
        score=score(complaints),
        complaints=tuple(complaints),
        sights=tuple(_sights(first, second)),
    )
    write_diagnosis(diagnosis, Path(spec.results))
    return diagnosis


def _against_itself(
    case: Case, spec: RunSpec, plugins: Plugins, observer: Observer
) -> tuple[Record, Record]:
    with closing(WorkerPool(plugins)) as pool:
        store = RunStore(Path(spec.results), "doctor")
        executor = Executor(pool, store, spec.case_timeout_s)
        first, second = executor.execute([case, case], observer)
    for record in (first, second):
        if record.status != "ok":
            raise BenchsuiteError(f"{case.id} ended as {record.status}: {record.reason}")
    return first, second


def _sights(first: Record, second: Record) -> list[Sight]:
    found = []
    for metric in CONTESTED:
        size = first.case.inference_batch_size if metric == "inference_throughput" else None
        one, other = (record.measurement(metric, size) for record in (first, second))
        comparison = compare_measurements(one, other) if one and other else None
        if comparison is None:
            continue
        ratio = comparison.ratio
        found.append(
            Sight(
                metric=metric,
                ratio=ratio.value,
                low=ratio.low,
                high=ratio.high,
                verdict=comparison.verdict,
                rounds=len(one.rounds) if one else 0,
                detectable_fraction=farthest(ratio),
            )
        )
    return found
