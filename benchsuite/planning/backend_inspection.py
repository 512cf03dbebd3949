"""What each backend says of itself on this machine, and the cases that follow."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from benchsuite.hooks import Entry, Plugins
from benchsuite.measure.machine.facts import default_threads
from benchsuite.records import Case
from benchsuite.processes.messages import LOOK, Job, Looked
from benchsuite.planning.plan import (
    check_ways,
    choose_backends,
    choose_devices,
    choose_protocol,
    plan_cases,
)
from benchsuite.processes.local import WorkerPool, WorkerTimeoutError
from benchsuite.planning.spec import RunSpec


@dataclass(frozen=True, slots=True)
class Planned:
    """A specification with its protocol chosen, and the cases that follow from it.

    looks: what each backend says of itself; None for one that cannot even be imported.
    """

    spec: RunSpec
    cases: Sequence[Case]
    looks: Mapping[str, Looked | None]


def survey(spec: RunSpec, plugins: Plugins, pool: WorkerPool) -> Planned:
    """Look at the backends, and plan. Raises as `plan_cases` and its kind do."""
    backends = choose_backends(spec, plugins)
    # Everything that needs no framework is checked before any is started.
    plan_cases(spec, plugins, choices=())
    threads = spec.threads[0] if spec.threads else default_threads()
    looks = _look(backends, pool, threads, spec.case_timeout_s)
    check_ways(spec, looks)
    choices = choose_devices(spec, looks)
    cases = plan_cases(spec, plugins, choices)
    chosen = msgspec.structs.replace(spec, protocol=choose_protocol(spec, len(cases)))
    return Planned(chosen, plan_cases(chosen, plugins, choices), looks)


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
