"""Batches that do not fit into memory: the largest that does is timed in their place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec

from benchsuite.orchestration.case_state import CaseState
from benchsuite.records.series import Series

#: By the task that tries it: the field of `BackedOff`, and the case's own batch.
_TRIED = {
    "fit_inference": ("inference", "inference_batch_size"),
    "fit_training": ("training", "training_batch_size"),
}
#: The search ends where what fits and what did not are apart by this part of the former.
_RESOLUTION = 8

#: See `benchsuite.orchestration.rounds.Sample`.
_Sample = Callable[[CaseState, str, tuple[int, ...], list[Series]], None]


def back_off(state: CaseState, sample: _Sample) -> None:
    """Find what fits of each of the case's timed batches, every one in a fresh process.

    `CaseState.backed_off` then says which to time. A case of which not even one image fits ends
    as `oom`, and one whose trial fails otherwise ends as that.
    """
    for task, (field, of_case) in _TRIED.items():
        asked: int = getattr(state.case, of_case)
        found = _largest_of(state, sample, task, field, asked)
        if found is not None and found < asked:
            state.backed_off = msgspec.structs.replace(state.backed_off, **{field: found})


def _largest_of(state: CaseState, sample: _Sample, task: str, field: str, asked: int) -> int | None:
    def fits(size: int) -> bool:
        if not state.goes_on:
            return True  # nothing more is tried
        tried = msgspec.structs.replace(state.backed_off, **{field: size})
        with_it = try_task(state, sample, task, [], backed_off=tried)
        if with_it.status != "oom" or size == 1:
            take_over(state, with_it)
        return with_it.status != "oom"

    return largest_that_fits(asked, fits)


def largest_that_fits(size: int, fits: Callable[[int], bool]) -> int | None:
    """By halving, then between what fits and what did not, to an eighth of the former.

    None where not even one does.
    """
    too_large = size
    while not fits(size):
        if size == 1:
            return None
        too_large, size = size, size // 2
    while too_large - size > max(1, size // _RESOLUTION):
        between = (size + too_large) // 2
        if fits(between):
            size = between
        else:
            too_large = between
    return size


def try_task(
    state: CaseState,
    sample: _Sample,
    task: str,
    sampled: list[Series],
    **changes: Any,  # noqa: ANN401 - fields of CaseState
) -> CaseState:
    """Run a task that the case may survive: how it went, with what it found in the case's own.

    sampled: gets what the process sampled. changes: of the state, for this once.
    """
    tried = replace(state, cause="", reasons=[], **changes)
    sample(tried, task, (), sampled)
    state.spent_s = tried.spent_s
    return tried


def take_over(state: CaseState, tried: CaseState) -> None:
    """Let the case be as such a try went, unless that went well."""
    if tried.cause:
        state.cause, state.log_tail = tried.cause, tried.log_tail
        state.reasons += [reason for reason in tried.reasons if reason not in state.reasons]
