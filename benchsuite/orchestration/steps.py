"""What is to be done next for the cases of a timing group, in words that a scheduler carries out.

Generators decide: they look at the states of the cases, yield what is to be done, and go on when
it is done. They start no process, write no file and look at no clock but the one they are given.
"""

import dataclasses
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from msgspec.structs import replace

from benchsuite.measure.flags import PASSING
from benchsuite.orchestration.case_state import CaseState
from benchsuite.processes.messages import BackedOff
from benchsuite.processes.tasks import Task
from benchsuite.records.series import Series

_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Turn:
    """Of a process in a round: the round's number, how often it was tried before, its place."""

    round: int
    attempt: int
    place: int


@dataclass(frozen=True, slots=True)
class Step:
    """Do a task for a case, in a process of its own.

    What it finds and how it ends is in the state afterwards. The answer is whether the step is to
    be repeated.

    batch_sizes: of the throughputs to be measured. turn: in a round; None for other tasks.
    tries_left: how often it may be repeated, where something disturbs it that passes.
    """

    state: CaseState
    task: Task
    batch_sizes: tuple[int, ...] = ()
    turn: Turn | None = None
    tries_left: int = 0

    def is_to_be_repeated(self, sampled: Iterable[Series]) -> bool:
        """Whether what it sampled was disturbed, and may be better the next time."""
        if not (self.task.may_repeat and self.tries_left and self.state.goes_on):
            return False
        return any(PASSING.intersection(one.flags) for one in sampled)

    def stamped(self, sampled: Iterable[Series], started: str, *, discarded: bool) -> list[Series]:
        """What it sampled, with when that was; started: ISO 8601."""
        if self.turn is None:
            return list(sampled)
        when = dataclasses.asdict(self.turn)
        return [replace(one, **when, started=started, discarded=discarded) for one in sampled]


@dataclass(frozen=True, slots=True)
class Settle:
    """Note where these stand: a run that is cut short goes on from here."""

    states: Sequence[CaseState]


@dataclass(frozen=True, slots=True)
class CaseBegins:
    """Tell that a case begins, the place-th of its timing group from 0."""

    state: CaseState
    place: int


@dataclass(frozen=True, slots=True)
class RoundBegins:
    """Tell that a round begins, the number-th from 0, of `most` at the utmost."""

    number: int
    most: int


Directive = Step | Settle | CaseBegins | RoundBegins
#: Yields directives, is sent the answer to each step, and returns what it has found out.
Steps = Generator[Directive, bool, _Found]


def is_over(part: str, states: Sequence[CaseState]) -> Steps[None]:
    """A part of these cases is done, and will not be done again."""
    for state in states:
        state.parts.append(part)
    yield Settle(states)


def try_task(state: CaseState, task: Task, backed_off: BackedOff | None = None) -> Steps[CaseState]:
    """Do a task that the case may survive; what it finds is in the case's own lists."""
    # Findings and samples go into the same lists; how it ends does not.
    instead = backed_off or state.backed_off
    tried = dataclasses.replace(state, cause="", reasons=[], backed_off=instead)
    yield Step(tried, task)
    state.spent_s = tried.spent_s
    return tried


def take_over(state: CaseState, tried: CaseState) -> None:
    """Let the case be as such a try went, unless that went well."""
    if tried.cause:
        state.cause, state.log_tail = tried.cause, tried.log_tail
        state.reasons += [reason for reason in tried.reasons if reason not in state.reasons]
