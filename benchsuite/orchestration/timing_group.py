"""Cases that are alike but for how they are computed: trained one by one, timed in turns.

Their speed is measured in rounds: one fresh process of every case, in an order drawn anew each
time.
"""

import math
import random
import time
from collections.abc import Callable, Collection, Mapping, Sequence

from benchsuite.measure.agreement import refused
from benchsuite.measure.protocol import PROTOCOLS, Protocol
from benchsuite.measure.statistics.verdicts import fewest_rounds
from benchsuite.measure.summary import best_batch_size, is_precise, summarise
from benchsuite.metrics import CONTESTED
from benchsuite.metrics.declared import SWEEP
from benchsuite.orchestration.backoff import back_off
from benchsuite.orchestration.case_state import CaseState
from benchsuite.orchestration.steps import (
    CaseBegins,
    RoundBegins,
    Settle,
    Step,
    Steps,
    Turn,
    is_over,
    take_over,
    try_task,
)
from benchsuite.processes import tasks
from benchsuite.records.series import Series

#: Parts of a case that are no tasks; see `CaseState.parts`.
_ROUNDS, _FIT = "rounds", "fit"
#: The order within a round is chance itself: one that repeats from run to run would favour the same
#: case each time, and a test of signs (`statistics.verdicts`) is exact because nothing knows it.
_CHANCE = random.SystemRandom()


def steps_of_group(
    states: Sequence[CaseState],
    budget_s: float,
    energy_counters: Collection[str] = (),
    *,
    batch_backoff: bool = False,
    clock: Callable[[], float] = time.monotonic,
) -> Steps[None]:
    """Everything that the cases of one timing group need; nothing that is over is done again.

    energy_counters: devices whose energy can be read. batch_backoff: see `rounds`.
    """
    start = clock()
    for place, state in enumerate(states):
        if state.ended_record is None:
            yield CaseBegins(state, place)
            yield from _once(state, tasks.MEMORY)
            yield from _once(state, tasks.TRAIN)
    _refuse_unequal(states)
    if any(state.needs(_ROUNDS) for state in states):
        left_s = budget_s - (clock() - start)
        yield from rounds(states, left_s, batch_backoff=batch_backoff, clock=clock)
        yield from is_over(_ROUNDS, [state for state in states if state.goes_on])
    for state in states:
        # No process is started for energy that nobody wants, or nothing counts.
        wanted = PROTOCOLS[state.case.protocol].energy_windows > 0
        if wanted and state.case.device in energy_counters and clock() - start < budget_s:
            yield from _once(state, tasks.ENERGY)


def _once(state: CaseState, task: tasks.Task) -> Steps[None]:
    if state.needs(task.name):
        yield Step(state, task)
        yield from is_over(task.name, [state])


def _refuse_unequal(states: Sequence[CaseState]) -> None:
    """End cases whose networks answer otherwise than the rest: their speed is worth nothing."""
    equal = {
        state.case.id: state
        for state in states
        # One that ended in an earlier invocation still counts for the majority.
        if (state.goes_on or state.ended_record)
        and state.logits is not None
        and state.case.origin == "graph"
    }
    logits = {name: state.logits for name, state in equal.items() if state.logits is not None}
    precisions = {name: state.case.precision for name, state in equal.items()}
    for name, difference in refused(logits, precisions).items():
        if equal[name].goes_on:
            said = f"not the same network as its other backends': {difference}"
            equal[name].fail("mismatch", said)


def rounds(
    states: Sequence[CaseState],
    budget_s: float = math.inf,
    *,
    batch_backoff: bool = False,
    clock: Callable[[], float] = time.monotonic,
    chance: random.Random = _CHANCE,
) -> Steps[None]:
    """The speed of the cases, in as many rounds as precision needs and both budgets allow.

    budget_s: of the run; the protocol's own holds besides.
    batch_backoff: whether batches that do not fit are replaced by the largest that do.
    chance: draws the order of each round.
    """
    protocol = PROTOCOLS[states[0].case.protocol]
    budget_s = min(budget_s, protocol.budget_s * len(_going_on(states)))
    start, most = clock(), protocol.rounds[-1]
    batch_sizes: dict[str, tuple[int, ...]] = {}
    for state in _going_on(states):
        chosen = yield from _choose_batch_sizes(state, protocol, batch_backoff=batch_backoff)
        batch_sizes[state.case.id] = chosen
    ready = clock()
    done = min((len(state.rounds) for state in _going_on(states)), default=0)
    for taken, number in enumerate(range(done, most)):
        if not _going_on(states) or _is_enough(states, number, protocol):
            return
        now_s = clock()
        if taken and now_s + (now_s - ready) / taken - start > budget_s:
            return  # another round would not fit
        yield RoundBegins(number, most)
        yield from _round(states, batch_sizes, protocol, chance)


def _going_on(states: Sequence[CaseState]) -> list[CaseState]:
    return [state for state in states if state.goes_on]


def _is_enough(states: Sequence[CaseState], count: int, protocol: Protocol) -> bool:
    """Whether this many rounds carry every verdict and every interval."""
    going_on = _going_on(states)
    # A difference is to stand Holm's correction for all that will be compared.
    comparisons = len(CONTESTED) * len(going_on) * (len(going_on) - 1) // 2
    if count not in protocol.rounds or count < fewest_rounds(comparisons):
        return False
    return all(is_precise(summarise(state.series, protocol)) for state in going_on)


def _choose_batch_sizes(
    state: CaseState, protocol: Protocol, *, batch_backoff: bool
) -> Steps[tuple[int, ...]]:
    if batch_backoff and state.needs(_FIT):
        yield from back_off(state)
        yield from is_over(_FIT, [state])
    size = state.backed_off.inference or state.case.inference_batch_size
    if not protocol.thorough:
        return (size,)
    if state.needs(tasks.SWEEP.name):
        yield from _sweep(state)
    curve = _curve(state)
    best = [best_batch_size(curve)] if curve else []
    return tuple(sorted({1, size, *best}))


def _sweep(state: CaseState) -> Steps[None]:
    swept = yield from try_task(state, tasks.SWEEP)
    if not (_curve(state) and swept.status in tasks.SWEEP.survived):
        take_over(state, swept)
    yield from is_over(tasks.SWEEP.name, [state])


def _curve(state: CaseState) -> list[Series]:
    return [one for one in state.series if one.metric == SWEEP.name and not one.discarded]


def _round(
    states: Sequence[CaseState],
    batch_sizes: Mapping[str, tuple[int, ...]],
    protocol: Protocol,
    chance: random.Random,
) -> Steps[None]:
    """Every case once, shuffled: what drifts during a round favours nobody.

    Its number is a new one: rounds that a case of an earlier invocation took make no pairs with
    those of today.
    """
    order = _going_on(states)
    earlier = [*order, *(state for state in states if state.ended_record)]
    number = 1 + max((n for state in earlier for n in state.rounds), default=-1)
    chance.shuffle(order)
    for place, state in enumerate(order):
        for attempt in range(protocol.retries + 1):
            turn = Turn(number, attempt, place)
            tries_left = protocol.retries - attempt
            sizes = batch_sizes[state.case.id]
            again = yield Step(state, tasks.TIME, sizes, turn, tries_left)
            if not again:
                break
        if not state.goes_on:
            yield Settle([state])  # its record has no need of the others' turns
    yield Settle(_going_on(states))
