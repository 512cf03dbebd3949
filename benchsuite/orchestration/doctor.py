"""The examination of a machine: one case against itself shows what differences it can see."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from msgspec.structs import replace

from benchsuite.errors import BenchsuiteError
from benchsuite.hooks import Plugins
from benchsuite.measure.flags import at_own_batch
from benchsuite.measure.machine.diagnosis import Diagnosis, Sight, read_diagnosis, write_diagnosis
from benchsuite.measure.machine.host import score
from benchsuite.measure.statistics.verdicts import compare_measurements, farthest
from benchsuite.metrics import CONTESTED
from benchsuite.orchestration.executor import execute
from benchsuite.orchestration.observer import Observer
from benchsuite.orchestration.orchestrate import launched
from benchsuite.orchestration.scheduler import RunContext
from benchsuite.planning.backend_inspection import inspect_backends
from benchsuite.planning.spec import RunSpec
from benchsuite.processes.launcher import Launcher, WorkerTimeoutError
from benchsuite.processes.messages import CeilingFound, Failed, Job
from benchsuite.processes.tasks import CEILINGS
from benchsuite.records import Case, Ceiling, Record, RunStore


def examine(
    spec: RunSpec, plugins: Plugins, observer: Observer, launcher: Launcher | None = None
) -> Diagnosis:
    """Look at the machine, then measure the spec's first case against itself.

    launcher: see `orchestrate`. Raises as that does, and BenchsuiteError where the case does not
    run.
    """
    with launched(launcher, spec, plugins) as running:
        host = running.host.facts.id
        complaints = running.host.complaints()
        case = inspect_backends(spec, plugins, running).cases[0]
        store = RunStore(Path(spec.results), "doctor")
        context = RunContext(running, store, spec.case_timeout_s)
        first, second = execute([case, case], context, observer, spec.budget_s)
    for record in (first, second):
        if record.status != "ok":
            raise BenchsuiteError(f"{case.id} ended as {record.status}: {record.reason}")
    diagnosis = replace(
        read_diagnosis(Path(spec.results), host),
        host=host,
        case=case.id,
        score=score(complaints),
        complaints=tuple(complaints),
        sights=tuple(_sights(first, second)),
    )
    write_diagnosis(diagnosis, Path(spec.results))
    return diagnosis


def examine_ceilings(
    spec: RunSpec, plugins: Plugins, tell: Callable[[Case], None], launcher: Launcher | None = None
) -> tuple[Diagnosis, list[str]]:
    """Measure what each backend of the spec reaches at the most; and why some reach nothing.

    One process for each backend, precision and thread count, on the backend's device. What was
    known of this machine stays, but for ceilings that are measured anew. Raises as `plan` does.

    tell: called as each begins. launcher: see `orchestrate`.
    """
    results = Path(spec.results)
    found: list[Ceiling] = []
    failures: list[str] = []
    store = RunStore(results, "doctor")
    with launched(launcher, spec, plugins) as running:
        host = running.host.facts.id
        for case in _one_of_each(inspect_backends(spec, plugins, running).cases):
            tell(case)
            ceiling = _ceiling(case, running, store, spec.case_timeout_s)
            if isinstance(ceiling, Ceiling):
                found.append(ceiling)
            else:
                failures.append(f"{case.backend} in {case.precision}: {ceiling}")
    known = read_diagnosis(results, host)
    measured = {_way(ceiling) for ceiling in found}
    kept = (ceiling for ceiling in known.ceilings if _way(ceiling) not in measured)
    diagnosis = replace(known, host=host, ceilings=(*kept, *found))
    write_diagnosis(diagnosis, results)
    return diagnosis, failures


def _one_of_each(cases: Iterable[Case]) -> list[Case]:
    """The first case of each backend, device, precision and thread count."""
    # Of equal keys the last value stays: reversed, that is the first case.
    return list({_way(case): case for case in reversed(list(cases))}.values())[::-1]


def _way(one: Case | Ceiling) -> tuple[str, str, str, int]:
    return (one.backend, one.device, one.precision, one.threads)


def _ceiling(case: Case, launcher: Launcher, store: RunStore, timeout_s: float) -> Ceiling | str:
    """What it is, or why there is none."""
    log = str(store.log_path(case.id, CEILINGS.name))
    job = Job(task=CEILINGS.name, log=log, case=case)
    tuned = CEILINGS.is_tuned(case)
    try:
        events = list(
            launcher.run(case.backend, job, threads=case.threads, tuned=tuned, left_s=timeout_s)
        )
    except WorkerTimeoutError:
        return f"not done within {timeout_s:g} s (--timeout)"
    found = (event.ceiling for event in events if isinstance(event, CeilingFound))
    reasons = (event.reason for event in events if isinstance(event, Failed))
    return next(found, None) or next(reasons, "its process ended without a word")


def _sights(first: Record, second: Record) -> Iterator[Sight]:
    for metric in CONTESTED:
        one, other = (at_own_batch(record, metric) for record in (first, second))
        if one and other and (comparison := compare_measurements(one, other)):
            ratio = comparison.ratio
            yield Sight(
                metric=metric,
                ratio=ratio.value,
                low=ratio.low,
                high=ratio.high,
                verdict=comparison.verdict,
                rounds=len(one.rounds),
                detectable_fraction=farthest(ratio),
            )
