"""What is known of a case so far, and the record that it becomes."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

import benchsuite
from benchsuite.measure.consistency import with_consistency_flags
from benchsuite.measure.machine.diagnosis import Diagnosis
from benchsuite.measure.protocol import PROTOCOLS
from benchsuite.measure.roofline import rooflines
from benchsuite.measure.summary import summarise
from benchsuite.orchestration.keys import Key
from benchsuite.processes.logs import last_lines
from benchsuite.processes.messages import BackedOff, Ended, Failed
from benchsuite.records import Case, Findings, Phase, Record, join
from benchsuite.records.causes import STATUS_BY_CAUSE, Cause, Status
from benchsuite.records.series import Series

#: The statuses of a case that goes on with its next task.
_GOING_ON = ("ok", "unsupported")


def now() -> str:
    """ISO 8601, UTC."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


@dataclass
class CaseState:
    """One case at work.

    key: what its result depends on besides.
    parts: of its work that are over: tasks by their names, `fit`, and `rounds` for all of these.
    series: raw samples of all its processes. logits: of the fixed batch, (N, classes).
    backed_off: batches to be timed in place of the case's own.
    spent_s: wall time of its processes so far.
    ended_record: with which it had ended before the run went on; nothing is left to be done.
    """

    case: Case
    key: Key = field(default_factory=dict)
    started: str = field(default_factory=now)
    parts: list[str] = field(default_factory=list)
    findings: list[Findings] = field(default_factory=list)
    series: list[Series] = field(default_factory=list)
    logits: NDArray[np.floating] | None = None
    backed_off: BackedOff = field(default_factory=BackedOff)
    cause: Cause = ""
    reasons: list[str] = field(default_factory=list)
    log_tail: str = ""
    spent_s: float = 0.0
    ended_record: Record | None = None

    @property
    def status(self) -> Status:
        """As far as it got; a case of which only a part is unsupported goes on."""
        return STATUS_BY_CAUSE[self.cause]

    @property
    def goes_on(self) -> bool:
        """Whether anything is left to be done for it."""
        return self.ended_record is None and self.status in _GOING_ON

    def needs(self, part: str) -> bool:
        """Whether this part of its work is left to be done."""
        return self.goes_on and part not in self.parts

    @property
    def rounds(self) -> set[int]:
        """The rounds in which it was timed."""
        if self.ended_record is None:
            # A sweep is of no round: its series have no time at which they began.
            return {one.round for one in self.series if one.started and not one.discarded}
        return {number for one in self.ended_record.findings.measurements for number in one.rounds}

    def began(self, task: str, seconds: float) -> None:
        """A process of a task has started, after so long."""
        phase = Phase(task=task, name="start", seconds=seconds, measuring=False)
        self.findings.append(Findings(phases=(phase,)))

    def failed(self, task: str, failed: Failed, log: Path) -> None:
        """A process said why it cannot go on."""
        said = failed.reason if failed.cause == "unsupported" else f"{task}: {failed.reason}"
        self.fail(failed.cause, said, log)

    def ended(self, task: str, ended: Ended, log: Path) -> None:
        """A process is gone, and had not said why."""
        cause: Cause = "exit" if ended.returncode >= 0 else "killed"
        self.fail(cause, f"{task}: {_how_it_ended(ended.returncode)}", log)

    def fail(self, cause: Cause, reason: str, log: Path | None = None) -> None:
        """End it, unless only a part of it is unsupported."""
        if self.status in _GOING_ON and cause != "unsupported":
            self.log_tail = "\n".join(last_lines(log)) if log else ""
        # That a part is unsupported says less than any failure, earlier or later.
        if not self.cause or cause != "unsupported":
            self.cause = cause
        if reason not in self.reasons:
            self.reasons.append(reason)

    def unfinished(self, run: str) -> Record:
        """What a run that is killed leaves behind; raw samples are in their own file."""
        return self._record(run, "cut_short", "the run was cut short", join(self.findings))

    def record(self, run: str, diagnosis: Diagnosis) -> Record:
        """As it ended, beside what the machine was found to be able to see and to do."""
        findings = join(self.findings)
        figures = (
            replace(figure, margin=diagnosis.margins.get(figure.metric))
            for figure in summarise(self.series, PROTOCOLS[self.case.protocol], findings.proofs)
        )
        measurements = (*findings.measurements, *figures)
        findings = replace(findings, measurements=measurements)
        findings = with_consistency_flags(self.case, findings)
        achieved = rooflines(self.case, findings, diagnosis.ceilings)
        findings = replace(findings, rooflines=achieved)
        return self._record(run, self.cause, "; ".join(self.reasons), findings)

    def _record(self, run: str, cause: Cause, reason: str, findings: Findings) -> Record:
        return Record(
            benchsuite_version=benchsuite.__version__,
            run=run,
            case=self.case,
            status=STATUS_BY_CAUSE[cause],
            cause=cause,
            reason=reason,
            findings=findings,
            started=self.started,
            ended=now(),
            log_tail=self.log_tail,
            key=self.key,
        )


def _how_it_ended(returncode: int) -> str:
    if returncode >= 0:
        return f"its process ended with exit code {returncode}"
    try:
        name = signal.Signals(-returncode).name
    except ValueError:  # one of those for real-time use
        name = f"signal {-returncode}"
    hint = " (often the kernel, out of memory)" if name == "SIGKILL" else ""
    return f"its process was killed by {name}{hint}"
