"""From cases to records: each case in processes of its own, each ending in one record."""

from __future__ import annotations

import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Protocol

import benchsuite
from benchsuite.records import Case, Epoch, Findings, Phase, Record, RunStore, Status, join
from benchsuite.run.messages import Began, Broke, Ended, Files, Found, Job, Trained
from benchsuite.run.processes import WorkerPool, WorkerTimeoutError
from benchsuite.run.tasks import TASKS

_LOG_TAIL_LINES = 20


class Observer(Protocol):
    """Told how a run goes on; what it does must not disturb the measurement."""

    def case_started(self, case: Case, index: int, total: int) -> None:
        """The next case begins."""

    def task_started(self, case: Case, task: str) -> None:
        """A process for one task of the case begins."""

    def epoch_ended(self, case: Case, number: int, epoch: Epoch) -> None:
        """So many epochs of the case's training are over; not told of every one."""

    def case_ended(self, record: Record) -> None:
        """The case's record is stored."""


@dataclass
class _Outcome:
    """What is known of a case so far."""

    started: str
    findings: list[Findings] = field(default_factory=list)
    status: Status = "ok"
    reasons: list[str] = field(default_factory=list)
    log_tail: str = ""

    def fail(self, status: Status, reason: str, log: Path) -> None:
        if self.status in ("ok", "unsupported") and status != "unsupported":
            self.log_tail = _tail(log)
        if self.status == "ok" or status != "unsupported":
            self.status = status
        if reason not in self.reasons:
            self.reasons.append(reason)


class Executor:
    """Runs cases one after the other: nothing else of ours runs while one is measured."""

    def __init__(
        self,
        pool: WorkerPool,
        store: RunStore,
        timeout_s: float,
        checkpoint_epochs: int | None = None,
    ) -> None:
        self._pool = pool
        self._store = store
        self._timeout_s = timeout_s
        self._checkpoint_epochs = checkpoint_epochs

    def execute(self, cases: Sequence[Case], observer: Observer) -> list[Record]:
        """Run every case and store its record as it ends.

        An interrupt (KeyboardInterrupt) ends the case at work; it and those not begun get
        records too, as skipped. Whatever was measured is kept.
        """
        records: list[Record] = []
        interrupted = False
        for index, case in enumerate(cases):
            outcome = _Outcome(_now())
            if interrupted:
                outcome.status, outcome.reasons = "skipped", ["interrupted before it began"]
            else:
                observer.case_started(case, index, len(cases))
                try:
                    self._run_tasks(case, outcome, observer)
                except KeyboardInterrupt:
                    interrupted = True
                    outcome.status, outcome.reasons = "skipped", ["interrupted"]
            record = self._record(case, outcome)
            self._store.write(record)
            if record.status == "ok":
                self._store.checkpoint_path(case.id).unlink(missing_ok=True)
            records.append(record)
            observer.case_ended(record)
        return records

    def _run_tasks(self, case: Case, outcome: _Outcome, observer: Observer) -> None:
        deadline = time.monotonic() + self._timeout_s
        for task in TASKS:
            if outcome.status not in ("ok", "unsupported"):
                return
            observer.task_started(case, task)
            try:
                self._run_task(case, task, deadline, outcome, observer)
            except WorkerTimeoutError:
                late = f"{task}: not done within {self._timeout_s:g} s (--timeout)"
                outcome.fail("timeout", late, self._store.log_path(case.id, task))

    def _run_task(
        self, case: Case, task: str, deadline: float, outcome: _Outcome, observer: Observer
    ) -> None:
        log = self._store.log_path(case.id, task)
        # A forked child shares its parent's pages, which would hide what the case itself
        # needs: memory is always measured in an interpreter of its own.
        fork = case.isolation == "fork" and task != "memory"
        job = Job(task=task, log=str(log), case=case, files=self._files(case), fork=fork)
        started, broke = time.monotonic(), False
        for event in self._pool.run(
            case.backend, job, threads=case.threads, tuned=task == "time", deadline=deadline
        ):
            match event:
                case Began():
                    outcome.findings.append(_start_up(task, time.monotonic() - started))
                case Found(findings):
                    outcome.findings.append(findings)
                case Trained(number, epoch):
                    observer.epoch_ended(case, number, epoch)
                case Broke(status, reason):
                    broke = True
                    outcome.fail(
                        status, reason if status == "unsupported" else f"{task}: {reason}", log
                    )
                case Ended(returncode) if returncode and not broke:
                    outcome.fail("failed", f"{task}: {_how_it_ended(returncode)}", log)

    def _files(self, case: Case) -> Files:
        every = self._checkpoint_epochs
        return Files(
            predictions=str(self._store.predictions_path(case.id)),
            checkpoint=str(self._store.checkpoint_path(case.id)) if every else "",
            checkpoint_epochs=every or 1,
        )

    def _record(self, case: Case, outcome: _Outcome) -> Record:
        return Record(
            benchsuite_version=benchsuite.__version__,
            run=self._store.run,
            case=case,
            status=outcome.status,
            reason="; ".join(outcome.reasons),
            findings=join(outcome.findings),
            started=outcome.started,
            ended=_now(),
            log_tail=outcome.log_tail,
        )


def _start_up(task: str, seconds: float) -> Findings:
    phase = Phase(task=task, name="start", seconds=seconds, measuring=False)
    return Findings(phases=(phase,))


def _how_it_ended(returncode: int) -> str:
    if returncode >= 0:
        return f"its process ended with exit code {returncode}"
    name = signal.Signals(-returncode).name
    hint = " (often the kernel, out of memory)" if name == "SIGKILL" else ""
    return f"its process was killed by {name}{hint}"


def _tail(log: Path) -> str:
    if not log.exists():
        return ""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(lines[-_LOG_TAIL_LINES:])


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
