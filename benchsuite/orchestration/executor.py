"""From cases to records: each case in processes of its own, each ending in one record."""

import math
import time
from collections.abc import Sequence
from itertools import chain, groupby
from operator import attrgetter

from benchsuite.measure.machine.diagnosis import UNKNOWN, Diagnosis
from benchsuite.orchestration.case_state import CaseState
from benchsuite.orchestration.interrupts import StoppedError
from benchsuite.orchestration.observer import Observer
from benchsuite.orchestration.scheduler import RunContext, Scheduler
from benchsuite.orchestration.timing_group import steps_of_group
from benchsuite.records import Case, Record
from benchsuite.records.causes import Cause


class Executor:
    """Runs cases one after the other: nothing else of ours runs while one is measured.

    The cases of one timing group are alike but for how they are computed. They are trained one by
    one; then their speed is measured in rounds of fresh processes, in turns.
    """

    def __init__(self, context: RunContext, diagnosis: Diagnosis = UNKNOWN) -> None:
        self._context = context
        self._diagnosis = diagnosis

    def execute(
        self, cases: Sequence[Case], observer: Observer, budget_s: float | None = None
    ) -> list[Record]:
        """Run every case and store its record as it ends.

        budget_s: for all of them; each timing group gets its cases' share of what is left. Cases
        for which nothing is left are skipped.

        What the journal knows to be over is not done again. An interrupt (KeyboardInterrupt)
        ends the timing group at work; its cases and those not begun get records too, as skipped.
        Whatever was measured is kept. Raises StorageError where it cannot be, and StoppedError
        for a second interrupt.
        """
        groups = [
            self._open(list(group)) for _, group in groupby(cases, key=attrgetter("group_key"))
        ]
        self._tell_what_is_kept(list(chain(*groups)), observer)
        left = sum(state.ended_record is None for states in groups for state in states)
        records: list[Record] = []
        interrupted, start = False, time.monotonic()
        for states in groups:
            unfinished = sum(state.ended_record is None for state in states)
            share_s = math.inf
            if budget_s is not None and unfinished:
                share_s = (budget_s - (time.monotonic() - start)) * unfinished / left
            if interrupted:
                _skip(states, "interrupted", "interrupted before it began")
            elif share_s <= 0:
                _skip(states, "budget", "the budget was spent before it began")
            elif unfinished:
                try:
                    self._run(states, share_s, observer, len(records), len(cases))
                except StoppedError:
                    raise
                except KeyboardInterrupt:
                    interrupted = True
                    _skip(states, "interrupted", "interrupted")
            left -= unfinished
            records += [self._end(state, observer) for state in states]
        return records

    def _run(
        self, states: Sequence[CaseState], share_s: float, observer: Observer, done: int, total: int
    ) -> None:
        """Everything that the cases of one timing group need. done, total: cases of the run."""
        context = self._context
        counters = context.launcher.host.facts.energy_counters
        steps = steps_of_group(states, share_s, counters, batch_backoff=context.batch_backoff)
        Scheduler(states, context, observer, done, total).run(steps)

    def _open(self, cases: Sequence[Case]) -> list[CaseState]:
        journal = self._context.journal
        return journal.open(cases) if journal else [CaseState(case) for case in cases]

    def _tell_what_is_kept(self, states: Sequence[CaseState], observer: Observer) -> None:
        again = self._context.journal.again if self._context.journal else {}
        kept = sum(state.ended_record is not None for state in states)
        if kept or again:
            observer.resumed(kept, again)

    def _end(self, state: CaseState, observer: Observer) -> Record:
        if state.ended_record:
            return state.ended_record
        store = self._context.store
        record = state.record(store.run, self._diagnosis)
        store.write(record)
        if record.status == "ok":
            store.drop_checkpoint(record.case.id)
        observer.case_ended(record)
        return record


def _skip(states: Sequence[CaseState], cause: Cause, reason: str) -> None:
    for state in states:
        if state.ended_record is None and not state.cause:
            state.cause, state.reasons = cause, [reason]
