"""A whole run: look at the backends, plan the cases, run them, keep the records."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import msgspec

from benchsuite.data import check_splits, load_source
from benchsuite.errors import UsageError
from benchsuite.hooks import Entry, Plugins
from benchsuite.measure.environment import default_threads, describe_environment
from benchsuite.measure.exclusive import intruders
from benchsuite.records import Case, Record, RunStore
from benchsuite.run.diagnosis import read_diagnosis
from benchsuite.run.executor import Executor, Observer
from benchsuite.run.messages import LOOK, Job, Looked
from benchsuite.run.plan import (
    check_ways,
    choose_backends,
    choose_devices,
    choose_protocol,
    plan_cases,
)
from benchsuite.run.processes import WorkerPool, WorkerTimeoutError
from benchsuite.run.spec import RunSpec


@dataclass(frozen=True, slots=True)
class Run:
    """A run that has ended.

    measured_s: what its workers spent training and measuring, of `wall_s` in all.
    """

    folder: Path
    records: list[Record]
    wall_s: float

    @property
    def measured_s(self) -> float:
        """Seconds spent training and measuring, rather than starting up."""
        phases = (phase for record in self.records for phase in record.findings.phases)
        return sum(phase.seconds for phase in phases if phase.measuring)


def plan(spec: RunSpec, plugins: Plugins) -> list[Case]:
    """What `conduct` would do, without doing it. Raises as `conduct` does."""
    with closing(WorkerPool(plugins, spec.memory_limit_bytes)) as pool:
        return _plan(spec, plugins, pool)[1]


def conduct(spec: RunSpec, plugins: Plugins, observer: Observer) -> Run:
    """Carry out a run and store a record of each case under `spec.results`.

    Raises UsageError, UnknownNameError, ShapeError and MissingDependencyError before
    anything is written; whatever goes wrong later becomes a record.
    """
    start = time.monotonic()
    with closing(WorkerPool(plugins, spec.memory_limit_bytes)) as pool:
        spec, cases = _plan(spec, plugins, pool)
        _check_data(spec, plugins)
        if spec.exclusive:
            _check_free(cases)
        store = RunStore(Path(spec.results), _fresh_name(Path(spec.results)))
        environment = describe_environment()
        store.write_run(
            {
                "run": store.run,
                "spec": msgspec.to_builtins(spec),
                "environment": environment,
                "plugins": {info.name: info.provenance for info in plugins.infos},
            }
        )
        diagnosis = read_diagnosis(Path(spec.results), environment["host"])
        executor = Executor(
            pool,
            store,
            spec.case_timeout_s,
            spec.checkpoint_epochs,
            diagnosis,
            batch_backoff=spec.batch_backoff,
        )
        budget_s = None if spec.budget_s is None else spec.budget_s - (time.monotonic() - start)
        records = executor.execute(cases, observer, budget_s)
    return Run(store.folder, records, time.monotonic() - start)


def given_up(records: Sequence[Record]) -> list[str]:
    """What a budget left undone, in a line each."""
    skipped = sum(record.reason.startswith("the budget") for record in records)
    figures = (figure for record in records for figure in record.findings.measurements)
    wide = sum("budget" in figure.flags for figure in figures)
    found = {
        f"given up for the budget: {skipped} cases that were not begun": skipped,
        f"given up for the budget: narrower intervals of {wide} figures": wide,
    }
    return [line for line, count in found.items() if count]


def _check_data(spec: RunSpec, plugins: Plugins) -> None:
    """Download what is not there yet, and look at it once, before the first case begins."""
    skip_bad = spec.bad_images == "skip"
    dataset = load_source(spec.dataset, plugins.datasets, skip_bad=skip_bad)
    check_splits(dataset, spec.seeds, spec.limit, spec.folds)


def _check_free(cases: Sequence[Case]) -> None:
    """Raise UsageError, naming who is there, unless the machine is the run's alone."""
    found = intruders(case.device for case in cases)
    if found:
        raise UsageError(
            f"this machine is not free (--exclusive): {'; '.join(found)}; end that, or leave "
            "--exclusive out"
        )


def _fresh_name(results: Path) -> str:
    """The time, to the second, in a form that sorts; numbered where that is taken."""
    name = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    names = (name, *(f"{name}-{count}" for count in range(2, 1000)))
    return next(x for x in names if not (results / "runs" / x).exists())


def _plan(spec: RunSpec, plugins: Plugins, pool: WorkerPool) -> tuple[RunSpec, list[Case]]:
    """The specification with its protocol chosen, and the cases that follow from it."""
    backends = choose_backends(spec, plugins)
    # Everything that needs no framework is checked before any is started.
    plan_cases(spec, plugins, choices=())
    threads = spec.threads[0] if spec.threads else default_threads()
    looks = _look(backends, pool, threads, spec.case_timeout_s)
    check_ways(spec, looks)
    choices = choose_devices(spec, looks)
    cases = plan_cases(spec, plugins, choices)
    chosen = msgspec.structs.replace(spec, protocol=choose_protocol(spec, len(cases)))
    return chosen, plan_cases(chosen, plugins, choices)


def _look(
    backends: Sequence[Entry], pool: WorkerPool, threads: int, timeout_s: float
) -> dict[str, Looked | None]:
    """What each backend says of itself; None for one that cannot even be imported."""
    with tempfile.TemporaryDirectory(prefix="benchsuite-") as folder:
        return {
            entry.name: _look_at(entry.name, pool, threads, timeout_s, Path(folder))
            for entry in backends
        }


def _look_at(
    name: str, pool: WorkerPool, threads: int, timeout_s: float, folder: Path
) -> Looked | None:
    job = Job(task=LOOK, log=str(folder / name), fork=sys.platform == "linux")
    deadline = time.monotonic() + timeout_s
    try:
        events = list(pool.run(name, job, threads=threads, tuned=False, deadline=deadline))
    except WorkerTimeoutError:
        return None
    return next((event for event in events if isinstance(event, Looked)), None)
