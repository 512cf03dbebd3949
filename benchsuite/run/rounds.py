"""Rounds: one fresh process of every case of a contest, in an order drawn anew each time."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from benchsuite.measure.flags import PASSING
from benchsuite.measure.protocol import PROTOCOLS
from benchsuite.measure.summary import is_precise, summarise
from benchsuite.measure.verdicts import CONTESTED, fewest_rounds
from benchsuite.records.series import Series
from benchsuite.run.backoff import back_off, take_over, try_task
from benchsuite.run.outcome import Outcome, now
from benchsuite.run.tasks.sweep import best_batch_size

#: Runs one task of a case in a fresh process, for these batches, and adds what it samples.
Sample = Callable[[Outcome, str, tuple[int, ...], list[Series]], None]


class Rounds:
    """The speed of the cases of one contest.

    sample: runs a task in a process. keep: stores raw samples.
    begin: told the number of each round, from 0, and the largest number of rounds.
    batch_backoff: whether batches that do not fit are replaced by the largest that do.
    """

    def __init__(
        self,
        outcomes: Sequence[Outcome],
        sample: Sample,
        keep: Callable[[Outcome, Sequence[Series]], None],
        begin: Callable[[int, int], None],
        *,
        batch_backoff: bool = False,
    ) -> None:
        self._outcomes = outcomes
        self._sample = sample
        self._keep = keep
        self._begin = begin
        self._batch_backoff = batch_backoff
        self._protocol = PROTOCOLS[outcomes[0].case.protocol]
        self._batch_sizes: dict[str, tuple[int, ...]] = {}

    def run(self, budget_s: float = math.inf) -> None:
        """One round, and as many more as precision needs and both budgets allow.

        budget_s: of the run; the protocol's own holds besides.
        """
        budget_s = min(budget_s, self._protocol.budget_s * len(self._outcomes))
        start, rounds = time.monotonic(), self._protocol.rounds
        for outcome in self._at_work():
            self._batch_sizes[outcome.case.id] = self._choose_batch_sizes(outcome)
        ready = time.monotonic()
        for number in range(rounds[-1]):
            if not self._at_work():
                return
            self._begin(number, rounds[-1])
            self._round(number)
            enough = number + 1 in rounds and number + 1 >= self._fewest_rounds()
            if enough and self._is_precise():
                return
            now_s = time.monotonic()
            if now_s + (now_s - ready) / (number + 1) - start > budget_s:
                return  # another round would not fit

    def _at_work(self) -> list[Outcome]:
        return [outcome for outcome in self._outcomes if outcome.goes_on]

    def _choose_batch_sizes(self, outcome: Outcome) -> tuple[int, ...]:
        if self._batch_backoff:
            back_off(outcome, self._sample)
        size = outcome.backed_off.inference or outcome.case.inference_batch_size
        if not self._protocol.thorough:
            return (size,)
        curve: list[Series] = []
        try:
            swept = try_task(outcome, self._sample, "sweep", curve)
        finally:
            self._keep(outcome, curve)
        if not (curve and swept.status == "oom"):  # a full device is the end of the curve
            take_over(outcome, swept)
        best = [best_batch_size(curve)] if curve else []
        return tuple(sorted({1, size, *best}))

    def _round(self, number: int) -> None:
        """Every case once, shuffled: what drifts during a round favours nobody."""
        order = self._at_work()
        seed = f"{order[0].case.architecture} {order[0].case.seed} {number}"
        random.Random(seed).shuffle(order)  # noqa: S311 - an order, not a secret
        for place, outcome in enumerate(order):
            self._process(outcome, number, place)

    def _process(self, outcome: Outcome, number: int, place: int) -> None:
        """One process, and another in its place where what went wrong may pass."""
        sizes = self._batch_sizes[outcome.case.id]
        for attempt in range(self._protocol.retries + 1):
            series: list[Series] = []
            again, started = False, now()
            try:
                self._sample(outcome, "time", sizes, series)
                again = attempt < self._protocol.retries and outcome.goes_on
                again = again and any(PASSING.intersection(one.flags) for one in series)
            finally:  # what an interrupted process has sampled is kept
                when = {"round": number, "attempt": attempt, "place": place, "started": started}
                stamped = [replace(one, **when, discarded=again) for one in series]
                self._keep(outcome, stamped)
            if not again:
                return

    def _fewest_rounds(self) -> int:
        """So many that a difference can stand Holm's correction for all that will be compared."""
        at_work = len(self._at_work())
        return fewest_rounds(len(CONTESTED) * at_work * (at_work - 1) // 2)

    def _is_precise(self) -> bool:
        return all(is_precise(summarise(o.series, self._protocol)) for o in self._at_work())
