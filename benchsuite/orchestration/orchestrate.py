"""A whole run: inspect the backends, plan the cases, run them, keep the records."""

import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from benchsuite.data import check_splits, digest_dataset, load_source
from benchsuite.errors import UsageError
from benchsuite.hooks import Plugins
from benchsuite.measure.machine.diagnosis import read_diagnosis
from benchsuite.orchestration.case_state import now
from benchsuite.orchestration.executor import execute
from benchsuite.orchestration.interrupts import Interrupts
from benchsuite.orchestration.journal import Journal
from benchsuite.orchestration.keys import Keys
from benchsuite.orchestration.observer import Observer
from benchsuite.orchestration.scheduler import RunContext
from benchsuite.planning.backend_inspection import Planned, inspect_backends
from benchsuite.planning.spec import RunSpec, make_spec
from benchsuite.processes.launcher import Host, Launcher
from benchsuite.processes.local import LocalLauncher
from benchsuite.records import Case, Record, RunStore, Status, locked, read_run


@dataclass(frozen=True, slots=True)
class Run:
    """A run that has ended, after one invocation or more; wall_s is of the last."""

    folder: Path
    records: list[Record]
    wall_s: float
    invocations: int = 1

    @property
    def measured_s(self) -> float:
        """Seconds, of all invocations, spent training and measuring rather than starting up."""
        phases = (phase for record in self.records for phase in record.findings.phases)
        return sum(phase.seconds for phase in phases if phase.measuring)


def launched(given: Launcher | None, spec: RunSpec, plugins: Plugins) -> closing[Launcher]:
    """The one that is given, or this machine's, under the run's limit; closed in the end."""
    return closing(given or LocalLauncher(plugins, memory_limit_bytes=spec.memory_limit_bytes))


def plan(spec: RunSpec, plugins: Plugins, launcher: Launcher | None = None) -> list[Case]:
    """What `orchestrate` would do, without doing it. Raises as `orchestrate` does."""
    with launched(launcher, spec, plugins) as running:
        return list(inspect_backends(spec, plugins, running).cases)


def orchestrate(
    spec: RunSpec, plugins: Plugins, observer: Observer, launcher: Launcher | None = None
) -> Run:
    """Carry out a run and store a record of each case under `spec.results`.

    launcher: starts its processes, and is closed in the end; None for those of this machine.

    Raises UsageError, UnknownNameError, ShapeError and MissingDependencyError before
    anything is written; whatever goes wrong later becomes a record. Raises StorageError
    where records cannot be written any more; `resume` goes on from there.
    """
    with _invocation(spec, plugins, observer, launcher) as invocation:
        store = RunStore.begin(Path(spec.results))
        # With the protocol that was chosen for the budget, which `resume` does not have.
        asked = msgspec.to_builtins(invocation.planned.spec)
        with locked(store.folder):
            store.write_run({"run": store.run, "spec": asked, **invocation.machine_facts()})
            return invocation.execute(store)


def resume(
    folder: Path,
    plugins: Plugins,
    observer: Observer,
    retried: Collection[Status] = (),
    launcher: Launcher | None = None,
    **changes: Any,  # noqa: ANN401 - fields of a RunSpec
) -> Run:
    """Go on with a run that was cut short, where it was; what had come to an end is kept.

    A case is done again where its key has changed, as after an upgrade, and where it had ended
    with a status that is to be retried; what was there of it goes into a hidden folder.

    retried: statuses of cases to be done again. launcher: see `orchestrate`.
    changes: of the run's specification: its `budget`, which is this invocation's alone, and
        `timeout_s`.
    Raises UsageError where the folder holds no run, or another process is at work in it, and as
    `orchestrate` does.
    """
    facts = read_run(folder)
    if "spec" not in facts:
        raise UsageError(f"'{folder}' is not a run that can continue: it has no 'run.json' of one")
    # The budget was that of the first invocation, and the folder may have been moved.
    own = {**facts["spec"], "budget": None, "results": str(folder.parent.parent)}
    spec = make_spec({**own, **changes})
    with locked(folder), _invocation(spec, plugins, observer, launcher) as invocation:
        store = RunStore(Path(spec.results), folder.name)
        resumed = [*facts.get("resumed", ()), {"started": now(), **invocation.machine_facts()}]
        store.write_run({**facts, "resumed": resumed})
        store.tidy()
        run = invocation.execute(store, retried)
        return replace(run, invocations=1 + len(resumed))


@dataclass(frozen=True, slots=True)
class _Invocation:
    """One process's part of a run, begun at `start` (`time.monotonic`), on data of this digest."""

    plugins: Plugins
    observer: Observer
    launcher: Launcher
    start: float
    planned: Planned
    data: str

    def machine_facts(self) -> dict[str, Any]:
        """Where it takes place, and with which plugins, for the run's file."""
        return {
            "environment": self.launcher.host.facts.machine,
            "plugins": {info.name: info.provenance for info in self.plugins.infos},
        }

    def execute(self, store: RunStore, retried: Collection[Status] = ()) -> Run:
        """Do what is planned and not done."""
        planned, interrupts, host = self.planned, Interrupts(), self.launcher.host.facts
        spec, keys = planned.spec, Keys(self.plugins, host, planned.inspections, self.data)
        context = RunContext(
            self.launcher,
            store,
            spec.case_timeout_s,
            spec.checkpoint_epochs,
            spec.batch_backoff,
            Journal(store, keys, retried),
            interrupts,
        )
        diagnosis = read_diagnosis(Path(spec.results), host.id)
        left_s = None
        if spec.budget_s is not None:
            left_s = spec.budget_s - (time.monotonic() - self.start)
        with interrupts.watching():
            records = execute(planned.cases, context, self.observer, left_s, diagnosis)
        return Run(store.folder, records, time.monotonic() - self.start)


@contextmanager
def _invocation(
    spec: RunSpec, plugins: Plugins, observer: Observer, launcher: Launcher | None
) -> Iterator[_Invocation]:
    start = time.monotonic()
    with launched(launcher, spec, plugins) as running:
        planned = inspect_backends(spec, plugins, running)
        data = _check(planned, plugins, running.host)
        yield _Invocation(plugins, observer, running, start, planned, data)


def _check(planned: Planned, plugins: Plugins, host: Host) -> str:
    """The digest of the data set, downloaded if need be.

    Raises UsageError, naming who is there, where the machine is not free as the run wants it.
    """
    spec = planned.spec
    skip_bad = spec.bad_images == "skip"
    dataset = load_source(spec.dataset, plugins.datasets, skip_bad=skip_bad)
    check_splits(dataset, spec.seeds, spec.limit, spec.folds)
    digest = digest_dataset(dataset)
    # Last, since downloads take long: it is to be free when the first case begins.
    if spec.exclusive:
        devices = (case.device for case in planned.cases)
        if found := host.competing_processes(devices):
            raise UsageError(
                f"this machine is not free (--exclusive): {'; '.join(found)}; end that, or "
                "leave --exclusive out"
            )
    return digest


def given_up(records: Sequence[Record]) -> list[str]:
    """What a budget left undone, in a line each."""
    skipped = sum(record.cause == "budget" for record in records)
    figures = (figure for record in records for figure in record.findings.measurements)
    wide = sum("budget" in figure.flags for figure in figures)
    found = {
        f"given up for the budget: {skipped} cases that were not begun": skipped,
        f"given up for the budget: narrower intervals of {wide} figures": wide,
    }
    return [line for line, count in found.items() if count]
