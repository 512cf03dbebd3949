"""Cases that are alike but for how they are computed: trained one by one, timed in turns."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchsuite.errors import StorageError
from benchsuite.measure.agreement import refused
from benchsuite.measure.machine.energy import find_counter
from benchsuite.measure.protocol import PROTOCOLS
from benchsuite.records import Case, RunStore
from benchsuite.records.series import Series
from benchsuite.orchestration.interrupts import Interrupts
from benchsuite.orchestration.journal import Journal
from benchsuite.processes.messages import (
    Answered,
    Began,
    Broke,
    Ended,
    Event,
    Files,
    Found,
    Job,
    Sampled,
    Trained,
    Unwritable,
)
from benchsuite.orchestration.observer import Observer
from benchsuite.orchestration.case_state import Outcome
from benchsuite.processes.local import WorkerPool, WorkerTimeoutError
from benchsuite.orchestration.rounds import Rounds


@dataclass(frozen=True, slots=True)
class Means:
    """What the contests of a run work with.

    timeout_s: of a case, all its processes together.
    checkpoint_epochs: between two checkpoints; None writes none.
    batch_backoff: whether batches that do not fit are replaced by the largest that do.
    journal: None where nothing will go on from it.
    """

    pool: WorkerPool
    store: RunStore
    timeout_s: float
    checkpoint_epochs: int | None = None
    batch_backoff: bool = False
    journal: Journal | None = None
    interrupts: Interrupts = field(default_factory=Interrupts)


class Contest:
    """The cases of one contest at work. Nothing that is over is done again."""

    def __init__(self, outcomes: Sequence[Outcome], means: Means, observer: Observer) -> None:
        self._outcomes, self._means, self._observer = outcomes, means, observer

    def run(self, budget_s: float, done: int, total: int) -> None:
        """Everything that its cases need. done, total: cases of the run."""
        start = time.monotonic()
        for place, outcome in enumerate(self._outcomes):
            if outcome.kept is None:
                self._observer.case_started(outcome.case, done + place, total)
                self._do(outcome, "memory")
                self._do(outcome, "learn")
        self._refuse_unequal()
        if any(outcome.needs("rounds") for outcome in self._outcomes):
            rounds = Rounds(self._outcomes, self, batch_backoff=self._means.batch_backoff)
            rounds.run(budget_s - (time.monotonic() - start))
            self._over("rounds", [o for o in self._outcomes if o.goes_on])
        for outcome in self._outcomes:
            in_time = time.monotonic() - start < budget_s
            if in_time and outcome.needs("energy") and _counts_energy(outcome.case):
                self._measure_energy(outcome)

    # What `Rounds` works with.

    def sample(
        self, outcome: Outcome, task: str, batch_sizes: tuple[int, ...], sampled: list[Series]
    ) -> None:
        """Run a task in a process of its own; `sampled` gets what it sampled, whatever comes."""
        if not outcome.goes_on:
            return
        case, start = outcome.case, time.monotonic()
        self._observer.task_started(case, task)
        try:
            self._follow(outcome, self._job(outcome, task, batch_sizes), sampled)
        except WorkerTimeoutError:
            late = f"{task}: not done within {self._means.timeout_s:g} s (--timeout)"
            outcome.fail("timeout", late, self._means.store.log_path(case.id, task))
        outcome.spent_s += time.monotonic() - start

    def keep(self, outcome: Outcome, series: Sequence[Series]) -> None:
        """Store raw samples."""
        self._means.store.append(outcome.case.id, series)
        outcome.series += series

    def settle(self, outcomes: Sequence[Outcome]) -> None:
        """Note where these stand: what is over is not done again."""
        for outcome in outcomes:
            self._means.store.write(outcome.unfinished(self._means.store.run))
        if self._means.journal and outcomes:
            self._means.journal.save(self._outcomes, outcomes)

    def begin(self, number: int, most: int) -> None:
        """A round begins, the number-th of at most so many, from 0."""
        self._observer.round_started(number, most)

    def _do(self, outcome: Outcome, task: str) -> None:
        if outcome.needs(task):
            self.sample(outcome, task, (), [])
            self._over(task, [outcome])

    def _over(self, task: str, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            outcome.tasks.append(task)
        self.settle(outcomes)

    def _measure_energy(self, outcome: Outcome) -> None:
        series: list[Series] = []
        try:
            self.sample(outcome, "energy", (), series)
        finally:  # what an interrupted process has sampled is kept
            self.keep(outcome, series)
        self._over("energy", [outcome])

    def _follow(self, outcome: Outcome, job: Job, sampled: list[Series]) -> None:
        case, task = outcome.case, job.task
        started = time.monotonic()
        events = self._means.pool.run(
            case.backend,
            job,
            threads=case.threads,
            tuned=task not in ("memory", "learn") and case.environment == "tuned",
            deadline=started + self._means.timeout_s - outcome.spent_s,
        )
        has_broken = False
        with self._means.interrupts.allowed():
            for event in events:
                match event:
                    case Began():
                        outcome.began(task, time.monotonic() - started)
                    case Broke():
                        has_broken = True
                        outcome.broke(task, event, Path(job.log))
                    case Unwritable(reason):
                        raise StorageError(reason)
                    case Ended(returncode) if returncode and not has_broken:
                        outcome.ended(task, event, Path(job.log))
                    case _:
                        self._note(outcome, event, sampled)

    def _note(self, outcome: Outcome, event: Event, sampled: list[Series]) -> None:
        match event:
            case Found(findings):
                outcome.findings.append(findings)
            case Sampled(series):
                sampled.append(series)
            case Answered():
                outcome.logits = event.array()
            case Trained(number, epoch):
                self._observer.epoch_ended(outcome.case, number, epoch)

    def _job(self, outcome: Outcome, task: str, inference_batch_sizes: tuple[int, ...]) -> Job:
        case, store, every = outcome.case, self._means.store, self._means.checkpoint_epochs
        return Job(
            task=task,
            log=str(store.log_path(case.id, task)),
            case=case,
            files=Files(
                predictions=str(store.predictions_path(case.id)),
                checkpoint=str(store.checkpoint_path(case.id)) if every else "",
                checkpoint_epochs=every or 1,
            ),
            inference_batch_sizes=inference_batch_sizes,
            backed_off=outcome.backed_off,
            # A forked child shares its parent's pages, which would hide what the case itself
            # needs: memory is always measured in an interpreter of its own.
            fork=case.isolation == "fork" and task != "memory",
        )

    def _refuse_unequal(self) -> None:
        """End the cases whose networks answer otherwise than those of the rest."""
        equal = {
            o.case.id: o
            for o in self._outcomes
            if (o.goes_on or o.kept) and o.logits is not None and o.case.origin == "graph"
        }
        logits = {name: o.logits for name, o in equal.items() if o.logits is not None}
        precisions = {name: o.case.precision for name, o in equal.items()}
        for name, reason in refused(logits, precisions).items():
            if equal[name].goes_on:
                equal[name].fail("failed", f"not the same network as its rivals': {reason}")


def _counts_energy(case: Case) -> bool:
    """Whether its protocol wants that, and its device can: no process is started for nothing."""
    return PROTOCOLS[case.protocol].energy_windows > 0 and find_counter(case.device) is not None
