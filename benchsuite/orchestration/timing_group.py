"""Cases that are alike but for how they are computed: trained one by one, timed in turns."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchsuite.errors import StorageError
from benchsuite.measure.agreement import refused
from benchsuite.measure.protocol import PROTOCOLS
from benchsuite.orchestration.case_state import CaseState
from benchsuite.orchestration.interrupts import Interrupts
from benchsuite.orchestration.journal import Journal
from benchsuite.orchestration.observer import Observer
from benchsuite.orchestration.rounds import Rounds
from benchsuite.processes.launcher import Launcher, WorkerTimeoutError
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
from benchsuite.records import Case, RunStore
from benchsuite.records.series import Series


@dataclass(frozen=True, slots=True)
class RunContext:
    """What the groups of a run work with.

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


class TimingGroup:
    """The cases of one timing group at work. Nothing that is over is done again."""

    def __init__(
        self, states: Sequence[CaseState], context: RunContext, observer: Observer
    ) -> None:
        self._states, self._context, self._observer = states, context, observer

    def run(self, budget_s: float, done: int, total: int) -> None:
        """Everything that its cases need. done, total: cases of the run."""
        start = time.monotonic()
        for place, state in enumerate(self._states):
            if state.kept is None:
                self._observer.case_started(state.case, done + place, total)
                self._do(state, "memory")
                self._do(state, "train")
        self._refuse_unequal()
        if any(state.needs("rounds") for state in self._states):
            rounds = Rounds(self._states, self, batch_backoff=self._context.batch_backoff)
            rounds.run(budget_s - (time.monotonic() - start))
            self._over("rounds", [o for o in self._states if o.goes_on])
        for state in self._states:
            in_time = time.monotonic() - start < budget_s
            if in_time and state.needs("energy") and self._counts_energy(state.case):
                self._measure_energy(state)

    # What `Rounds` works with.

    def sample(
        self, state: CaseState, task: str, batch_sizes: tuple[int, ...], sampled: list[Series]
    ) -> None:
        """Run a task in a process of its own; `sampled` gets what it sampled, whatever comes."""
        if not state.goes_on:
            return
        case, start = state.case, time.monotonic()
        self._observer.task_started(case, task)
        try:
            self._follow(state, self._job(state, task, batch_sizes), sampled)
        except WorkerTimeoutError:
            late = f"{task}: not done within {self._context.timeout_s:g} s (--timeout)"
            state.fail("timeout", late, self._context.store.log_path(case.id, task))
        state.spent_s += time.monotonic() - start

    def keep(self, state: CaseState, series: Sequence[Series]) -> None:
        """Store raw samples."""
        self._context.store.append(state.case.id, series)
        state.series += series

    def settle(self, states: Sequence[CaseState]) -> None:
        """Note where these stand: what is over is not done again."""
        for state in states:
            self._context.store.write(state.unfinished(self._context.store.run))
        if self._context.journal and states:
            self._context.journal.save(self._states, states)

    def begin(self, number: int, most: int) -> None:
        """A round begins, the number-th of at most so many, from 0."""
        self._observer.round_started(number, most)

    def _do(self, state: CaseState, task: str) -> None:
        if state.needs(task):
            self.sample(state, task, (), [])
            self._over(task, [state])

    def _over(self, task: str, states: Sequence[CaseState]) -> None:
        for state in states:
            state.tasks.append(task)
        self.settle(states)

    def _measure_energy(self, state: CaseState) -> None:
        series: list[Series] = []
        try:
            self.sample(state, "energy", (), series)
        finally:  # what an interrupted process has sampled is kept
            self.keep(state, series)
        self._over("energy", [state])

    def _follow(self, state: CaseState, job: Job, sampled: list[Series]) -> None:
        case, task = state.case, job.task
        started = time.monotonic()
        events = self._context.launcher.run(
            case.backend,
            job,
            threads=case.threads,
            tuned=task not in ("memory", "train") and case.process_settings == "tuned",
            left_s=self._context.timeout_s - state.spent_s,
        )
        has_broken = False
        with self._context.interrupts.allowed():
            for event in events:
                match event:
                    case Began():
                        state.began(task, time.monotonic() - started)
                    case Broke():
                        has_broken = True
                        state.broke(task, event, Path(job.log))
                    case Unwritable(reason):
                        raise StorageError(reason)
                    case Ended(returncode) if returncode and not has_broken:
                        state.ended(task, event, Path(job.log))
                    case _:
                        self._note(state, event, sampled)

    def _note(self, state: CaseState, event: Event, sampled: list[Series]) -> None:
        match event:
            case Found(findings):
                state.findings.append(findings)
            case Sampled(series):
                sampled.append(series)
            case Answered():
                state.logits = event.array()
            case Trained(number, epoch):
                self._observer.epoch_ended(state.case, number, epoch)

    def _job(self, state: CaseState, task: str, inference_batch_sizes: tuple[int, ...]) -> Job:
        case, store, every = state.case, self._context.store, self._context.checkpoint_epochs
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
            backed_off=state.backed_off,
            # A forked child shares its parent's pages, which would hide what the case itself
            # needs: memory is always measured in an interpreter of its own.
            fork=case.isolation == "fork" and task != "memory",
        )

    def _refuse_unequal(self) -> None:
        """End the cases whose networks answer otherwise than those of the rest."""
        equal = {
            o.case.id: o
            for o in self._states
            if (o.goes_on or o.kept) and o.logits is not None and o.case.origin == "graph"
        }
        logits = {name: o.logits for name, o in equal.items() if o.logits is not None}
        precisions = {name: o.case.precision for name, o in equal.items()}
        for name, reason in refused(logits, precisions).items():
            if equal[name].goes_on:
                equal[name].fail(
                    "mismatch", f"not the same network as its other backends': {reason}"
                )

    def _counts_energy(self, case: Case) -> bool:
        """Whether its protocol wants that, and its device can: else no process is started."""
        wanted = PROTOCOLS[case.protocol].energy_windows > 0
        return wanted and case.device in self._context.launcher.host.facts.energy_counters
