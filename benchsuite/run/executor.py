"""From cases to records: each case in processes of its own, each ending in one record."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Protocol

from benchsuite.measure.agreement import refused
from benchsuite.measure.energy import find_counter
from benchsuite.measure.protocol import PROTOCOLS
from benchsuite.records import Case, Epoch, Record, RunStore
from benchsuite.records.series import Series, append_series
from benchsuite.run.diagnosis import UNKNOWN, Diagnosis
from benchsuite.run.messages import (
    Answered,
    Began,
    Broke,
    Ended,
    Files,
    Found,
    Job,
    Sampled,
    Trained,
)
from benchsuite.run.outcome import Outcome
from benchsuite.run.processes import WorkerPool, WorkerTimeoutError
from benchsuite.run.rounds import Rounds


class Observer(Protocol):
    """Told how a run goes on; what it does must not disturb the measurement."""

    def case_started(self, case: Case, index: int, total: int) -> None:
        """The next case begins."""

    def task_started(self, case: Case, task: str) -> None:
        """A process for one task of the case begins."""

    def epoch_ended(self, case: Case, number: int, epoch: Epoch) -> None:
        """So many epochs of the case's training are over; not told of every one."""

    def round_started(self, number: int, most: int) -> None:
        """The cases at work are timed once more; `most` rounds at the utmost."""

    def case_ended(self, record: Record) -> None:
        """The case's record is stored."""


@dataclass(frozen=True, slots=True)
class _Progress:
    """Who is told, and how many of how many cases are done."""

    observer: Observer
    done: int
    total: int


class Executor:
    """Runs cases one after the other: nothing else of ours runs while one is measured.

    Cases of one contest, which are alike but for how they are computed, are trained one by one;
    then their speed is measured in rounds of fresh processes, in turns.
    """

    def __init__(
        self,
        pool: WorkerPool,
        store: RunStore,
        timeout_s: float,
        checkpoint_epochs: int | None = None,
        diagnosis: Diagnosis = UNKNOWN,
        *,
        batch_backoff: bool = False,
    ) -> None:
        self._pool = pool
        self._store = store
        self._timeout_s = timeout_s
        self._checkpoint_epochs = checkpoint_epochs
        self._diagnosis = diagnosis
        self._batch_backoff = batch_backoff

    def execute(
        self, cases: Sequence[Case], observer: Observer, budget_s: float | None = None
    ) -> list[Record]:
        """Run every case and store its record as it ends.

        budget_s: for all of them; each contest gets its cases' share of what is left. Cases for
        which nothing is left are skipped.

        An interrupt (KeyboardInterrupt) ends the contest at work; its cases and those not begun
        get records too, as skipped. Whatever was measured is kept.
        """
        records: list[Record] = []
        interrupted, start = False, time.monotonic()
        for _, group in groupby(cases, key=_contest):
            outcomes = [Outcome(case) for case in group]
            share_s = math.inf
            if budget_s is not None:
                left_s = budget_s - (time.monotonic() - start)
                share_s = left_s * len(outcomes) / (len(cases) - len(records))
            if interrupted:
                _skip(outcomes, "interrupted before it began")
            elif share_s <= 0:
                _skip(outcomes, "the budget was spent before it began")
            else:
                progress = _Progress(observer, len(records), len(cases))
                try:
                    self._run_contest(outcomes, progress, share_s)
                except KeyboardInterrupt:
                    interrupted = True
                    _skip(outcomes, "interrupted")
            records += [self._end(outcome, observer) for outcome in outcomes]
        return records

    def _run_contest(self, outcomes: list[Outcome], progress: _Progress, budget_s: float) -> None:
        observer, start = progress.observer, time.monotonic()
        for place, outcome in enumerate(outcomes):
            observer.case_started(outcome.case, progress.done + place, progress.total)
            for task in ("memory", "learn"):
                self._run_task(observer, outcome, task)
        _refuse_unequal(outcomes)
        sample = partial(self._run_task, observer)
        left_s = budget_s - (time.monotonic() - start)
        begin, backoff = observer.round_started, self._batch_backoff
        Rounds(outcomes, sample, self._keep, begin, batch_backoff=backoff).run(left_s)
        for outcome in outcomes:
            in_time = time.monotonic() - start < budget_s
            if in_time and outcome.goes_on and _counts_energy(outcome.case):
                self._measure_energy(observer, outcome)

    def _measure_energy(self, observer: Observer, outcome: Outcome) -> None:
        series: list[Series] = []
        try:
            self._run_task(observer, outcome, "energy", sampled=series)
        finally:  # what an interrupted process has sampled is kept
            self._keep(outcome, series)

    def _keep(self, outcome: Outcome, series: Sequence[Series]) -> None:
        append_series(self._store.samples_path(outcome.case.id), series)
        outcome.series += series

    def _end(self, outcome: Outcome, observer: Observer) -> Record:
        record = outcome.record(self._store.run, self._diagnosis)
        self._store.write(record)
        if record.status == "ok":
            self._store.checkpoint_path(record.case.id).unlink(missing_ok=True)
        observer.case_ended(record)
        return record

    def _run_task(
        self,
        observer: Observer,
        outcome: Outcome,
        task: str,
        inference_batch_sizes: tuple[int, ...] = (),
        sampled: list[Series] | None = None,
    ) -> None:
        """Run one task in a process of its own, unless the case has ended.

        sampled: gets what the process sampled, also where it is interrupted.
        """
        if not outcome.goes_on:
            return
        case, start = outcome.case, time.monotonic()
        observer.task_started(case, task)
        try:
            job = self._job(outcome, task, inference_batch_sizes)
            self._follow(outcome, job, [] if sampled is None else sampled, observer)
        except WorkerTimeoutError:
            late = f"{task}: not done within {self._timeout_s:g} s (--timeout)"
            outcome.fail("timeout", late, self._store.log_path(case.id, task))
        outcome.spent_s += time.monotonic() - start
        self._store.write(outcome.unfinished(self._store.run))

    def _follow(
        self, outcome: Outcome, job: Job, sampled: list[Series], observer: Observer
    ) -> None:
        case, task, log = outcome.case, job.task, self._store.log_path(outcome.case.id, job.task)
        started, has_broken = time.monotonic(), False
        events = self._pool.run(
            case.backend,
            job,
            threads=case.threads,
            tuned=task not in ("memory", "learn") and case.environment == "tuned",
            deadline=started + self._timeout_s - outcome.spent_s,
        )
        for event in events:
            match event:
                case Began():
                    outcome.began(task, time.monotonic() - started)
                case Found(findings):
                    outcome.findings.append(findings)
                case Sampled(series):
                    sampled.append(series)
                case Answered():
                    outcome.logits = event.array()
                case Trained(number, epoch):
                    observer.epoch_ended(case, number, epoch)
                case Broke():
                    has_broken = True
                    outcome.broke(task, event, log)
                case Ended(returncode) if returncode and not has_broken:
                    outcome.ended(task, event, log)

    def _job(self, outcome: Outcome, task: str, inference_batch_sizes: tuple[int, ...]) -> Job:
        case, every = outcome.case, self._checkpoint_epochs
        return Job(
            task=task,
            log=str(self._store.log_path(case.id, task)),
            case=case,
            files=Files(
                predictions=str(self._store.predictions_path(case.id)),
                checkpoint=str(self._store.checkpoint_path(case.id)) if every else "",
                checkpoint_epochs=every or 1,
            ),
            inference_batch_sizes=inference_batch_sizes,
            backed_off=outcome.backed_off,
            # A forked child shares its parent's pages, which would hide what the case itself
            # needs: memory is always measured in an interpreter of its own.
            fork=case.isolation == "fork" and task != "memory",
        )


def _contest(case: Case) -> tuple[object, ...]:
    """What cases share that differ in how they are computed alone."""
    return (case.architecture, case.origin, case.dataset, case.seed, case.fold, case.input_shape)


def _counts_energy(case: Case) -> bool:
    """Whether its protocol wants that, and its device can: no process is started for nothing."""
    return PROTOCOLS[case.protocol].energy_windows > 0 and find_counter(case.device) is not None


def _skip(outcomes: Sequence[Outcome], reason: str) -> None:
    for outcome in outcomes:
        if outcome.status == "ok":
            outcome.status, outcome.reasons = "skipped", [reason]


def _refuse_unequal(outcomes: Sequence[Outcome]) -> None:
    """End the cases whose networks answer otherwise than those of the rest."""
    equal = {
        o.case.id: o
        for o in outcomes
        if o.goes_on and o.logits is not None and o.case.origin == "graph"
    }
    logits = {name: o.logits for name, o in equal.items() if o.logits is not None}
    precisions = {name: o.case.precision for name, o in equal.items()}
    for name, reason in refused(logits, precisions).items():
        equal[name].fail("failed", f"not the same network as its rivals': {reason}")
