"""Where the cases of a run stand: what one that was cut short goes on from.

Each timing group has a file in the run's `journal`. It is replaced as a whole whenever a task of
a case, or a round of all of them, is over. What a record will say follows from it and from the raw
samples; nothing that is in it is done twice.
"""

import hashlib
from collections.abc import Collection, Sequence
from copy import copy
from typing import Any

import msgspec
import numpy as np

from benchsuite.errors import UsageError
from benchsuite.names import as_file_name
from benchsuite.orchestration.case_state import CaseState
from benchsuite.orchestration.keys import Key, Keys, changes
from benchsuite.processes.messages import BackedOff
from benchsuite.records import Case, Findings, Record, RunStore, Status, read_record
from benchsuite.records.causes import Cause
from benchsuite.records.reading import read_json

#: A case with another status has come to an end.
_CUT_SHORT = "skipped"


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """One case. samples: lines of its file of raw samples that belong to what is over."""

    key: Key
    started: str
    parts: list[str]
    findings: list[Findings]
    logits: list[list[float]] | None
    backed_off: BackedOff
    cause: Cause
    reasons: list[str]
    log_tail: str
    spent_s: float
    samples: int


#: Fields that a state of a case has too.
_SAME = tuple(name for name in Progress.__struct_fields__ if name not in ("logits", "samples"))


class Journal:
    """The journal of one run.

    keys: of its cases, as they are today. retried: statuses of cases that are done again.
    again: by case, why it is done again although it had come to an end.
    """

    def __init__(self, store: RunStore, keys: Keys, retried: Collection[Status] = ()) -> None:
        self._store, self._keys, self._retried = store, keys, retried
        self._groups: dict[str, dict[str, Progress]] = {}
        self.again: dict[str, str] = {}

    def open(self, cases: Sequence[Case]) -> list[CaseState]:
        """The cases of a timing group, as far as they got; a case that had ended has its record."""
        known = self._read(_name(cases))
        return [self._open(case, known.get(case.id)) for case in cases]

    def save(self, timing_group: Sequence[CaseState], changed: Sequence[CaseState]) -> None:
        """Note where some cases of a timing group stand now; the others stay where they were."""
        name = _name([state.case for state in timing_group])
        known = self._groups.setdefault(name, {})
        known.update({state.case.id: _progress(state) for state in changed})
        self._store.write_journal(name, known)

    def _read(self, name: str) -> dict[str, Progress]:
        path = self._store.journal_path(name)
        if not path.exists():
            return {}
        try:
            known = read_json(path, dict[str, Progress], "journal")
        except UsageError as error:
            raise UsageError(f"{error}: remove it, and its timing group is done again") from error
        self._groups[name] = known
        return known

    def _open(self, case: Case, progress: Progress | None) -> CaseState:
        key, path = self._keys.of(case), self._store.record_path(case.id)
        record = read_record(path) if path.exists() else None
        why = self._why_again(record, progress, key)
        if why:
            self.again[case.id] = why
        elif record and record.status != _CUT_SHORT:
            return _state(case, key, progress, ended_record=record)
        # Without those of a round cut short: its processes must be neighbours in time.
        elif progress and (series := self._store.cut(case.id, progress.samples)) is not None:
            return _state(case, key, progress, series=series)
        self._store.set_aside(case.id)
        return CaseState(case, key)

    def _why_again(self, record: Record | None, progress: Progress | None, key: Key) -> str:
        """Why what is there of a case does not count; empty where it does, or nothing is there."""
        ended = record is not None and record.status != _CUT_SHORT
        source = record if ended else progress
        if source and (found := changes(source.key, key)):
            return "; ".join(found)
        if record and record.status in self._retried:
            return f"it had ended as {record.status}"
        return ""


def _name(cases: Sequence[Case]) -> str:
    """Of a timing group: the same whatever backends take part."""
    first = cases[0]
    digest = hashlib.sha256(msgspec.json.encode(first.group_key)).hexdigest()[:8]
    return as_file_name(f"{first.architecture.replace('/', '-')}.{first.seed}.{digest}")


def _progress(state: CaseState) -> Progress:
    # A copy of each list: the state's own goes on, and the journal says where it stood.
    same = {name: copy(getattr(state, name)) for name in _SAME}
    logits = None if state.logits is None else state.logits.tolist()
    return Progress(**same, logits=logits, samples=len(state.series))


def _state(case: Case, key: Key, progress: Progress | None, **known: Any) -> CaseState:  # noqa: ANN401 - fields of a state
    if progress is None:  # the journal was removed since
        return CaseState(case, key, **known)
    same = {name: copy(getattr(progress, name)) for name in _SAME if name != "key"}
    logits = None if progress.logits is None else np.asarray(progress.logits)
    return CaseState(case, key, logits=logits, **same, **known)
