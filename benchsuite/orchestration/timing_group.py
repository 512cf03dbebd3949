"""Cases that are alike but for how they are computed: trained one by one, timed in turns."""

import time
from collections.abc import Callable, Collection, Sequence

from benchsuite.measure.agreement import refused
from benchsuite.measure.protocol import PROTOCOLS
from benchsuite.orchestration.case_state import CaseState
from benchsuite.orchestration.rounds import rounds
from benchsuite.orchestration.steps import CaseBegins, Step, Steps, is_over
from benchsuite.processes.tasks import ENERGY, MEMORY, TRAIN, Task

#: The part of a case that all its rounds are; see `CaseState.parts`.
_ROUNDS = "rounds"


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
            yield from _once(state, MEMORY)
            yield from _once(state, TRAIN)
    _refuse_unequal(states)
    if any(state.needs(_ROUNDS) for state in states):
        left_s = budget_s - (clock() - start)
        yield from rounds(states, left_s, batch_backoff=batch_backoff, clock=clock)
        yield from is_over(_ROUNDS, [state for state in states if state.goes_on])
    for state in states:
        # No process is started for energy that nobody wants, or nothing counts.
        wanted = PROTOCOLS[state.case.protocol].energy_windows > 0
        if wanted and state.case.device in energy_counters and clock() - start < budget_s:
            yield from _once(state, ENERGY)


def _once(state: CaseState, task: Task) -> Steps[None]:
    if state.needs(task.name):
        yield Step(state, task)
        yield from is_over(task.name, [state])


def _refuse_unequal(states: Sequence[CaseState]) -> None:
    """End the cases whose networks answer otherwise than those of the rest.

    Before anything is timed: a speed of another network is worth nothing.
    """
    equal = {
        state.case.id: state
        for state in states
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
