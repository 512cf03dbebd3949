"""From cases to records: each case in processes of its own, each ending in one record."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from itertools import chain, groupby

from benchsuite.records import Case, Record
from benchsuite.orchestration.timing_group import Contest, Means
from benchsuite.measure.machine.diagnosis import UNKNOWN, Diagnosis
from benchsuite.orchestration.interrupts import StoppedError
from benchsuite.orchestration.observer import Observer
from benchsuite.orchestration.case_state import Outcome


class Executor:
    """Runs cases one after the other: nothing else of ours runs while one is measured.

    Cases of one contest, which are alike but for how they are computed, are trained one by one;
    then their speed is measured in rounds of fresh processes, in turns.
    """

    def __init__(self, means: Means, diagnosis: Diagnosis = UNKNOWN) -> None:
        self._means = means
        self._diagnosis = diagnosis

    def execute(
        self, cases: Sequence[Case], observer: Observer, budget_s: float | None = None
    ) -> list[Record]:
        """Run every case and store its record as it ends.

        budget_s: for all of them; each contest gets its cases' share of what is left. Cases for
        which nothing is left are skipped.

        What the journal knows to be over is not done again. An interrupt (KeyboardInterrupt)
        ends the contest at work; its cases and those not begun get records too, as skipped.
        Whatever was measured is kept. Raises StorageError where it cannot be, and StoppedError
        for a second interrupt.
        """
        contests = [self._open(list(group)) for _, group in groupby(cases, key=_contest)]
        self._tell_what_is_kept(list(chain(*contests)), observer)
        left = sum(outcome.kept is None for outcomes in contests for outcome in outcomes)
        records: list[Record] = []
        interrupted, start = False, time.monotonic()
        for outcomes in contests:
            at_work = sum(outcome.kept is None for outcome in outcomes)
            share_s = math.inf
            if budget_s is not None and at_work:
                share_s = (budget_s - (time.monotonic() - start)) * at_work / left
            if interrupted:
                _skip(outcomes, "interrupted before it began")
            elif share_s <= 0:
                _skip(outcomes, "the budget was spent before it began")
            elif at_work:
                try:
                    Contest(outcomes, self._means, observer).run(share_s, len(records), len(cases))
                except StoppedError:
                    raise
                except KeyboardInterrupt:
                    interrupted = True
                    _skip(outcomes, "interrupted")
            left -= at_work
            records += [self._end(outcome, observer) for outcome in outcomes]
        return records

    def _open(self, cases: Sequence[Case]) -> list[Outcome]:
        journal = self._means.journal
        return journal.open(cases) if journal else [Outcome(case) for case in cases]

    def _tell_what_is_kept(self, outcomes: Sequence[Outcome], observer: Observer) -> None:
        again = self._means.journal.again if self._means.journal else {}
        kept = sum(outcome.kept is not None for outcome in outcomes)
        if kept or again:
            observer.resumed(kept, again)

    def _end(self, outcome: Outcome, observer: Observer) -> Record:
        if outcome.kept:
            return outcome.kept
        store = self._means.store
        record = outcome.record(store.run, self._diagnosis)
        store.write(record)
        if record.status == "ok":
            store.drop_checkpoint(record.case.id)
        observer.case_ended(record)
        return record


def _contest(case: Case) -> tuple[object, ...]:
    """What cases share that differ in how they are computed alone."""
    return (case.architecture, case.origin, case.dataset, case.seed, case.fold, case.input_shape)


def _skip(outcomes: Sequence[Outcome], reason: str) -> None:
    for outcome in outcomes:
        if outcome.kept is None and outcome.status == "ok":
            outcome.status, outcome.reasons = "skipped", [reason]
