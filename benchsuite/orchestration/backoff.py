"""Batches that do not fit into memory: the largest that does is timed in their place."""

from collections.abc import Callable

import msgspec

from benchsuite.orchestration.case_state import CaseState
from benchsuite.orchestration.steps import Steps, take_over, try_task
from benchsuite.processes.tasks import FIT_INFERENCE, FIT_TRAINING, Task

#: Which task tries a batch, the field of `BackedOff`, and that of the case's own batch.
_TRIED = (
    (FIT_INFERENCE, "inference", "inference_batch_size"),
    (FIT_TRAINING, "training", "training_batch_size"),
)
#: The search ends where what fits and what did not are apart by this part of the former.
_RESOLUTION = 8


def back_off(state: CaseState) -> Steps[None]:
    """Find what fits of each of the case's timed batches, every one in a fresh process.

    `CaseState.backed_off` then says which to time. A case of which not even one image fits ends
    as `oom`, and one whose trial fails otherwise ends as that.
    """
    for task, field, of_case in _TRIED:
        asked: int = getattr(state.case, of_case)
        found = yield from _largest_of(state, task, field, asked)
        if found is not None and found < asked:
            state.backed_off = msgspec.structs.replace(state.backed_off, **{field: found})


def _largest_of(state: CaseState, task: Task, field: str, asked: int) -> Steps[int | None]:
    def fits(size: int) -> Steps[bool]:
        if not state.goes_on:
            return True  # nothing more is tried
        backed_off = msgspec.structs.replace(state.backed_off, **{field: size})
        tried = yield from try_task(state, task, backed_off=backed_off)
        was_too_large = tried.status in task.survived
        if not was_too_large or size == 1:
            take_over(state, tried)
        return not was_too_large

    return (yield from largest_that_fits(asked, fits))


def largest_that_fits(size: int, fits: Callable[[int], Steps[bool]]) -> Steps[int | None]:
    """By halving, then in between, to an eighth of what fits; None where not even one does."""
    too_large = size
    while not (yield from fits(size)):
        if size == 1:
            return None
        too_large, size = size, size // 2
    while too_large - size > max(1, size // _RESOLUTION):
        between = (size + too_large) // 2
        if (yield from fits(between)):
            size = between
        else:
            too_large = between
    return size
