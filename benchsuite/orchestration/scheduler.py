"""Carries out the steps of a timing group: starts processes, and keeps what they find."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchsuite.errors import StorageError
from benchsuite.orchestration.case_state import CaseState, now
from benchsuite.orchestration.interrupts import Interrupts
from benchsuite.orchestration.journal import Journal
from benchsuite.orchestration.observer import Observer
from benchsuite.orchestration.steps import CaseBegins, Directive, RoundBegins, Settle, Step, Steps
from benchsuite.processes.launcher import Launcher, WorkerTimeoutError
from benchsuite.processes.messages import (
    Answered,
    Began,
    Ended,
    EpochOver,
    Failed,
    Files,
    Found,
    Job,
    SeriesFound,
    Unwritable,
)
from benchsuite.records import RunStore
from benchsuite.records.series import Series


@dataclass(frozen=True, slots=True)
class RunContext:
    """What the timing groups of a run work with.

    timeout_s: of a case, all its processes together.
    checkpoint_epochs: between two checkpoints; None writes none.
    batch_backoff: whether batches that do not fit are replaced by the largest that do.
    journal: None where nothing will go on from it.
    """

    launcher: Launcher
    store: RunStore
    timeout_s: float
    checkpoint_epochs: int | None = None
    batch_backoff: bool = False
    journal: Journal | None = None
    interrupts: Interrupts = field(default_factory=Interrupts)


class Scheduler:
    """Carries out the steps of one timing group.

    states: its cases. done, total: cases of the run, for its observer.
    """

    def __init__(
        self,
        states: Sequence[CaseState],
        context: RunContext,
        observer: Observer,
        done: int = 0,
        total: int = 1,
    ) -> None:
        self._states, self._context, self._observer = states, context, observer
        self._done, self._total = done, total

    def run(self, steps: Steps[None]) -> None:
        """Carry out all; what was sampled until an interrupt or a StorageError is stored."""
        directive = next(steps, None)
        while directive is not None:
            answer = self._carry_out(directive)
            try:
                directive = steps.send(answer)
            except StopIteration:
                return

    def _carry_out(self, directive: Directive) -> bool:
        """Do it; the answer to a step."""
        match directive:
            case Step():
                return self._do(directive)
            case Settle(states):
                self._settle(states)
            case CaseBegins(state, place):
                self._observer.case_started(state.case, self._done + place, self._total)
            case RoundBegins(number, most):
                self._observer.round_started(number, most)
        return False

    def _settle(self, states: Sequence[CaseState]) -> None:
        store = self._context.store
        for state in states:
            store.write(state.unfinished(store.run))
        if self._context.journal and states:
            self._context.journal.save(self._states, states)

    def _do(self, step: Step) -> bool:
        """One process; whether another is to take its place."""
        sampled: list[Series] = []
        again, started = False, now()
        try:
            self._watch(step, sampled)
            again = step.is_to_be_repeated(sampled)
        finally:  # what an interrupted process has sampled is kept
            if "samples" in step.task.yields:
                stamped = step.stamped(sampled, started, discarded=again)
                self._context.store.append(step.state.case.id, stamped)
                step.state.series += stamped
        return again

    def _watch(self, step: Step, sampled: list[Series]) -> None:
        """Wait for the process to end, and give it no more than what the case has left of time."""
        state, task, start = step.state, step.task.name, time.monotonic()
        self._observer.task_started(state.case, task)
        try:
            self._follow(step, sampled)
        except WorkerTimeoutError:
            late = f"{task}: not done within {self._context.timeout_s:g} s (--timeout)"
            state.fail("timeout", late, self._context.store.log_path(state.case.id, task))
        state.spent_s += time.monotonic() - start

    def _follow(self, step: Step, sampled: list[Series]) -> None:
        state, job = step.state, self._job(step)
        case, log, started = state.case, Path(job.log), time.monotonic()
        events = self._context.launcher.run(
            case.backend,
            job,
            threads=case.threads,
            tuned=step.task.is_tuned(case),
            left_s=self._context.timeout_s - state.spent_s,
        )
        has_failed = False
        with self._context.interrupts.allowed():
            for event in events:
                match event:
                    case Began():
                        state.began(job.task, time.monotonic() - started)
                    case Failed():
                        has_failed = True
                        state.failed(job.task, event, log)
                    case Unwritable(reason):
                        raise StorageError(reason)
                    # What a process said itself tells more than how it ended.
                    case Ended(returncode) if returncode and not has_failed:
                        state.ended(job.task, event, log)
                    case Found(findings):
                        state.findings.append(findings)
                    case SeriesFound(series):
                        sampled.append(series)
                    case Answered(logits):
                        state.logits = np.asarray(logits)
                    case EpochOver(number, epoch):
                        self._observer.epoch_ended(case, number, epoch)

    def _job(self, step: Step) -> Job:
        case, task = step.state.case, step.task
        store, every = self._context.store, self._context.checkpoint_epochs
        return Job(
            task=task.name,
            log=str(store.log_path(case.id, task.name)),
            case=case,
            files=Files(
                predictions=str(store.predictions_path(case.id)),
                checkpoint=str(store.checkpoint_path(case.id)) if every else "",
                checkpoint_epochs=every or 1,
            ),
            inference_batch_sizes=step.batch_sizes,
            backed_off=step.state.backed_off,
            fork=task.is_forked(case),
        )
