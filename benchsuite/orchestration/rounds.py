"""Rounds: one fresh process of every case of a timing group, in an order drawn anew each time."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Sequence
from typing import Protocol

from msgspec.structs import replace

from benchsuite.measure.flags import PASSING
from benchsuite.measure.protocol import PROTOCOLS
from benchsuite.measure.statistics.verdicts import fewest_rounds
from benchsuite.measure.summary import is_precise, summarise
from benchsuite.measure.sweep import best_batch_size
from benchsuite.metrics import CONTESTED
from benchsuite.metrics.declared import SWEEP
from benchsuite.orchestration.backoff import back_off, take_over, try_task
from benchsuite.orchestration.case_state import CaseState, now
from benchsuite.records.series import Series


class Hands(Protocol):
    """What rounds are carried out with."""

    def sample(
        self, state: CaseState, task: str, batch_sizes: tuple[int, ...], sampled: list[Series]
    ) -> None:
        """Run a task of a case in a fresh process, for these batches; add what it samples."""

    def keep(self, state: CaseState, series: Sequence[Series]) -> None:
        """Store raw samples."""

    def settle(self, states: Sequence[CaseState]) -> None:
        """Note that these are done so far: a run that is cut short goes on from here."""

    def begin(self, number: int, most: int) -> None:
        """Told of each round, from 0, and of the largest number of rounds."""


class Rounds:
    """The speed of the cases of one timing group.

    batch_backoff: whether batches that do not fit are replaced by the largest that do.
    """

    def __init__(
        self, states: Sequence[CaseState], hands: Hands, *, batch_backoff: bool = False
    ) -> None:
        self._states, self._hands = states, hands
        self._batch_backoff = batch_backoff
        self._protocol = PROTOCOLS[states[0].case.protocol]
        self._batch_sizes: dict[str, tuple[int, ...]] = {}

    def run(self, budget_s: float = math.inf) -> None:
        """Rounds from where they stand, as many as precision needs and both budgets allow.

        budget_s: of the run; the protocol's own holds besides.
        """
        budget_s = min(budget_s, self._protocol.budget_s * len(self._at_work()))
        start, most = time.monotonic(), self._protocol.rounds[-1]
        for state in self._at_work():
            self._batch_sizes[state.case.id] = self._choose_batch_sizes(state)
        ready, done = time.monotonic(), self._done()
        for taken, number in enumerate(range(done, most)):
            if not self._at_work() or self._is_enough(number):
                return
            now_s = time.monotonic()
            if taken and now_s + (now_s - ready) / taken - start > budget_s:
                return  # another round would not fit
            self._hands.begin(number, most)
            self._round()

    def _done(self) -> int:
        """How many rounds all at work took part in."""
        return min((len(state.rounds) for state in self._at_work()), default=0)

    def _is_enough(self, rounds: int) -> bool:
        if rounds not in self._protocol.rounds or rounds < self._fewest_rounds():
            return False
        return self._is_precise()

    def _at_work(self) -> list[CaseState]:
        return [state for state in self._states if state.goes_on]

    def _choose_batch_sizes(self, state: CaseState) -> tuple[int, ...]:
        if self._batch_backoff and state.needs("fit"):
            back_off(state, self._hands.sample)
            self._over("fit", state)
        size = state.backed_off.inference or state.case.inference_batch_size
        if not self._protocol.thorough:
            return (size,)
        if state.needs("sweep"):
            self._sweep(state)
        curve = [one for one in state.series if one.metric == SWEEP.name and not one.discarded]
        best = [best_batch_size(curve)] if curve else []
        return tuple(sorted({1, size, *best}))

    def _sweep(self, state: CaseState) -> None:
        curve: list[Series] = []
        try:
            swept = try_task(state, self._hands.sample, "sweep", curve)
        finally:
            self._hands.keep(state, curve)
        if not (curve and swept.status == "oom"):  # a full device is the end of the curve
            take_over(state, swept)
        self._over("sweep", state)

    def _over(self, task: str, state: CaseState) -> None:
        state.tasks.append(task)
        self._hands.settle([state])

    def _round(self) -> None:
        """Every case once, shuffled: what drifts during a round favours nobody.

        Its number is a new one: rounds that a case of an earlier invocation took make no pairs with
        those of today.
        """
        order = self._at_work()
        earlier = [*order, *(state for state in self._states if state.kept)]
        number = 1 + max((n for state in earlier for n in state.rounds), default=-1)
        seed = f"{order[0].case.architecture} {order[0].case.seed} {number}"
        random.Random(seed).shuffle(order)  # noqa: S311 - an order, not a secret
        for place, state in enumerate(order):
            self._process(state, number, place)
            if not state.goes_on:
                self._hands.settle([state])
        self._hands.settle(self._at_work())

    def _process(self, state: CaseState, number: int, place: int) -> None:
        """One process, and another in its place where what went wrong may pass."""
        sizes = self._batch_sizes[state.case.id]
        for attempt in range(self._protocol.retries + 1):
            series: list[Series] = []
            again, started = False, now()
            try:
                self._hands.sample(state, "time", sizes, series)
                again = attempt < self._protocol.retries and state.goes_on
                again = again and any(PASSING.intersection(one.flags) for one in series)
            finally:  # what an interrupted process has sampled is kept
                when = {"round": number, "attempt": attempt, "place": place, "started": started}
                stamped = [replace(one, **when, discarded=again) for one in series]
                self._hands.keep(state, stamped)
            if not again:
                return

    def _fewest_rounds(self) -> int:
        """So many that a difference can stand Holm's correction for all that will be compared."""
        at_work = len(self._at_work())
        return fewest_rounds(len(CONTESTED) * at_work * (at_work - 1) // 2)

    def _is_precise(self) -> bool:
        return all(is_precise(summarise(o.series, self._protocol)) for o in self._at_work())
