"""From cases to records: each case in processes of its own, each ending in one record."""

import math
import time
from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter

from benchsuite.measure.machine.diagnosis import UNKNOWN, Diagnosis
from benchsuite.orchestration.case_state import CaseState
from benchsuite.orchestration.interrupts import StoppedError
from benchsuite.orchestration.observer import Observer
from benchsuite.orchestration.scheduler import RunContext, Scheduler
from benchsuite.orchestration.timing_group import steps_of_group
from benchsuite.records import Case, Record
from benchsuite.records.causes import Cause


def execute(
    cases: Sequence[Case],
    context: RunContext,
    observer: Observer,
    budget_s: float | None = None,
    diagnosis: Diagnosis = UNKNOWN,
) -> list[Record]:
    """Run every case, one after the other, and store its record as it ends.

    The cases of a timing group are trained one by one; then their speed is measured in rounds
    of fresh processes, in turns. Each group gets its cases' share of what is left of the budget;
    cases for which nothing is left are skipped.

    What the journal knows to be over is not done again. An interrupt (KeyboardInterrupt)
    ends the timing group at work; its cases and those not begun get records too, as skipped.
    Whatever was measured is kept. Raises StorageError where it cannot be, and StoppedError
    for a second interrupt.
    """
    together = [list(group) for _, group in groupby(cases, key=attrgetter("group_key"))]
    groups = _open(together, context, observer)
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
            counters = context.launcher.host.facts.energy_counters
            steps = steps_of_group(states, share_s, counters, batch_backoff=context.batch_backoff)
            try:
                Scheduler(states, context, observer, len(records), len(cases)).run(steps)
            # The second signal: nobody waits for records any more.
            except StoppedError:
                raise
            except KeyboardInterrupt:
                interrupted = True
                _skip(states, "interrupted", "interrupted")
        left -= unfinished
        records += [_end(state, context, observer, diagnosis) for state in states]
    return records


def _open(
    groups: Sequence[Sequence[Case]], context: RunContext, observer: Observer
) -> list[list[CaseState]]:
    """The cases as far as they got, by timing group; the observer is told what is kept."""
    journal = context.journal
    if journal is None:
        return [[CaseState(case) for case in group] for group in groups]
    opened = [journal.open(group) for group in groups]
    kept = sum(state.ended_record is not None for states in opened for state in states)
    if kept or journal.again:
        observer.resumed(kept, journal.again)
    return opened


def _end(state: CaseState, context: RunContext, observer: Observer, diagnosis: Diagnosis) -> Record:
    if state.ended_record:
        return state.ended_record
    store = context.store
    record = state.record(store.run, diagnosis)
    store.write(record)
    # Of any other status, the same case may go on from its checkpoint in a later run.
    if record.status == "ok":
        store.drop_checkpoint(record.case.id)
    observer.case_ended(record)
    return record


def _skip(states: Sequence[CaseState], cause: Cause, reason: str) -> None:
    for state in states:
        if state.ended_record is None and not state.cause:
            state.cause, state.reasons = cause, [reason]
