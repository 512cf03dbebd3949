"""Verification as a whole: the reference first, then each backend, one process at a time."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Protocol

import msgspec
import psutil

import benchsuite
from benchsuite.hooks import Plugins, Target
from benchsuite.records.certificate import Certificate, Verdict
from benchsuite.run.environment import worker_environment
from benchsuite.verify.worker import REFERENCE, Answer, Question

#: A worker that has grown beyond this gives its memory back by being replaced.
_LARGEST_WORKER_BYTES = 2 * 1024**3
#: Its matrix products are small: a second thread waits for the first in a busy loop.
_REFERENCE = Target("", "the NumPy reference", environment={"OPENBLAS_NUM_THREADS": "1"})


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be certified: every subject in every backend and precision, on one device."""

    subjects: Sequence[str]
    backends: Sequence[str]
    precisions: Sequence[str]
    device: str
    threads: int
    timeout_s: float


class Observer(Protocol):
    """Told how it goes on."""

    def started(self, subject: str, worker: str, index: int, total: int) -> None:
        """A worker begins with a subject."""

    def certified(self, certificate: Certificate) -> None:
        """A certificate is there, whatever it says."""


def verify(request: Request, plugins: Plugins, observer: Observer) -> Iterator[Certificate]:
    """Certify, subject by subject; the reference's tensors are kept no longer than needed."""
    total = len(request.subjects)
    with closing(_Workers(request, plugins)) as workers:
        for index, subject in enumerate(request.subjects):
            with tempfile.TemporaryDirectory(prefix="benchsuite-verify-") as folder:
                observer.started(subject, REFERENCE, index, total)
                reference = workers.ask(REFERENCE, Question(subject=subject, folder=folder))
                for backend in request.backends:
                    observer.started(subject, backend, index, total)
                    for precision in request.precisions:
                        question = Question(
                            subject=subject,
                            folder=folder,
                            device=request.device,
                            precision=precision,
                            threads=request.threads,
                        )
                        certificate = _certify(workers, backend, question, reference)
                        observer.certified(certificate)
                        yield certificate


def _certify(workers: _Workers, backend: str, question: Question, reference: Answer) -> Certificate:
    start = time.monotonic()
    answer = workers.ask(backend, question) if reference.status == "ok" else reference
    verdict, reason = _judge(answer, reference, question.precision)
    return Certificate(
        benchsuite_version=benchsuite.__version__,
        architecture=question.subject,
        fingerprint=answer.fingerprint,
        inputs=answer.inputs,
        backend=backend,
        versions=answer.versions,
        device=question.device,
        device_name=answer.device_name,
        precision=question.precision,
        verdict=verdict,
        reason=reason,
        checks=answer.checks,
        cancelled=reference.cancelled,
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        seconds=time.monotonic() - start,
    )


def _judge(answer: Answer, reference: Answer, precision: str) -> tuple[Verdict, str]:
    if answer.status != "ok":
        return ("unsupported" if answer.status == "unsupported" else "failed"), answer.reason
    if reference.degenerate:
        return "degenerate", f"without effect: {', '.join(reference.degenerate)}"
    failed = [check for check in answer.checks if not check.passed]
    if failed:
        return "differs", "; ".join(
            f"{check.quantity} by {check.error:.1e} in {check.worst} (allowed {check.tolerance:g})"
            if check.error is not None
            else f"{check.quantity} not finite, or of another shape, in {check.worst}"
            for check in failed
        )
    return ("exact" if precision == "fp64" else "within tolerance"), ""


class _Workers:
    """One process for the reference and one for each backend, begun when first asked."""

    def __init__(self, request: Request, plugins: Plugins) -> None:
        self._request = request
        self._plugins = plugins
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `close`

    def close(self) -> None:
        """End every process."""
        for name in list(self._processes):
            self._end(name)
        self._log.close()

    def ask(self, name: str, question: Question) -> Answer:
        """Put a question, and wait for the answer; a process that dies has failed."""
        process = self._processes.get(name) or self._start(name)
        with _killed_after(process, self._request.timeout_s):
            line = _exchange(process, msgspec.json.encode(question) + b"\n")
        if not line:
            code = process.wait()
            self._end(name)
            return Answer(status="failed", reason=f"its process ended with exit code {code}")
        if psutil.Process(process.pid).memory_info().rss > _LARGEST_WORKER_BYTES:
            self._end(name)
        return msgspec.json.decode(line, type=Answer)

    def _start(self, name: str) -> subprocess.Popen[bytes]:
        target = _REFERENCE if name == REFERENCE else self._plugins.backends[name].target
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "benchsuite.verify.worker", name, *self._plugins.unpackaged],
            env=worker_environment(target, self._request.threads, tuned=False),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            start_new_session=True,
        )
        self._processes[name] = process
        return process

    def _end(self, name: str) -> None:
        process = self._processes.pop(name)
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()


def _exchange(process: subprocess.Popen[bytes], line: bytes) -> bytes:
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("a worker is started with pipes")
    try:
        process.stdin.write(line)
        process.stdin.flush()
    except BrokenPipeError:
        return b""
    return process.stdout.readline()


@contextmanager
def _killed_after(process: subprocess.Popen[bytes], seconds: float) -> Iterator[None]:
    from threading import Timer

    timer = Timer(seconds, process.kill)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
