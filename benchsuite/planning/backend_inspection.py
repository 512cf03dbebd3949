"""What each backend says of itself on this machine, and the cases that follow."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from benchsuite.hooks import Entry, Plugins
from benchsuite.planning.plan import (
    check_ways,
    choose_backends,
    choose_devices,
    choose_protocol,
    plan_cases,
)
from benchsuite.planning.spec import RunSpec
from benchsuite.processes.launcher import Launcher, WorkerTimeoutError
from benchsuite.processes.messages import INSPECT, BackendInspection, Job
from benchsuite.records import Case


@dataclass(frozen=True, slots=True)
class Planned:
    """A specification with its protocol chosen, and the cases that follow from it.

    inspections: what each backend says of itself; None for one that cannot even be imported.
    """

    spec: RunSpec
    cases: Sequence[Case]
    inspections: Mapping[str, BackendInspection | None]


def inspect_backends(spec: RunSpec, plugins: Plugins, launcher: Launcher) -> Planned:
    """Inspect the backends, and plan. Raises as `plan_cases` and its kind do."""
    backends = choose_backends(spec, plugins)
    host = launcher.host.facts
    # Everything that needs no framework is checked before any is started.
    plan_cases(spec, plugins, (), host)
    threads = spec.threads[0] if spec.threads else host.default_threads
    inspections = _inspect_all(backends, launcher, threads, spec.case_timeout_s)
    check_ways(spec, inspections)
    choices = choose_devices(spec, inspections)
    cases = plan_cases(spec, plugins, choices, host)
    chosen = msgspec.structs.replace(spec, protocol=choose_protocol(spec, len(cases)))
    return Planned(chosen, plan_cases(chosen, plugins, choices, host), inspections)


def check_offers(spec: RunSpec, plugins: Plugins, launcher: Launcher) -> None:
    """Raise UsageError where no backend has the device, a tier or a precision that is asked for."""
    threads = launcher.host.facts.default_threads
    backends = choose_backends(spec, plugins)
    inspections = _inspect_all(backends, launcher, threads, spec.case_timeout_s)
    check_ways(spec, inspections)
    choose_devices(spec, inspections)


def _inspect_all(
    backends: Sequence[Entry], launcher: Launcher, threads: int, timeout_s: float
) -> dict[str, BackendInspection | None]:
    """What each backend says of itself; None for one that cannot even be imported."""
    with tempfile.TemporaryDirectory(prefix="benchsuite-") as folder:
        return {
            entry.name: _inspect(entry.name, launcher, threads, timeout_s, Path(folder))
            for entry in backends
        }


def _inspect(
    name: str, launcher: Launcher, threads: int, timeout_s: float, folder: Path
) -> BackendInspection | None:
    job = Job(task=INSPECT, log=str(folder / name), fork=launcher.host.facts.can_fork)
    try:
        events = list(launcher.run(name, job, threads=threads, tuned=False, left_s=timeout_s))
    except WorkerTimeoutError:
        return None
    return next((event for event in events if isinstance(event, BackendInspection)), None)
