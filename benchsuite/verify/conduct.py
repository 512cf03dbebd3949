"""Verification as a whole: the reference first, then each backend, one process at a time."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from typing import Protocol

import msgspec

import benchsuite
from benchsuite.hooks import Plugins
from benchsuite.records.certificate import Certificate
from benchsuite.verify.judge import judge
from benchsuite.verify.worker import REFERENCE, Answer, Question
from benchsuite.verify.workers import Workers

#: Backends that work at once; the largest network takes some 6 GB in each.
_SIDE_BY_SIDE = 2


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
    workers = Workers(plugins, request.threads, request.timeout_s)
    total = len(request.subjects)
    with closing(workers):
        for index, subject in enumerate(request.subjects):
            started = partial(observer.started, subject, index=index, total=total)
            answers = _ask(request, subject, workers, started)
            for certificate in _certify(request, subject, answers):
                observer.certified(certificate)
                yield certificate


@dataclass(frozen=True, slots=True)
class _Answers:
    """All that was said of one subject: by backend and precision, with the seconds it took."""

    reference: Answer
    given: dict[tuple[str, str], tuple[Answer, float]]


def _ask(
    request: Request, subject: str, workers: Workers, started: Callable[[str], None]
) -> _Answers:
    """The reference first; then the backends, side by side.

    Most of a comparison is tracing and building, which uses a single core.
    """
    given: dict[tuple[str, str], tuple[Answer, float]] = {}

    def ask_backend(backend: str) -> None:
        for precision in request.precisions:
            start = time.monotonic()
            asked = msgspec.structs.replace(question, device=request.device, precision=precision)
            failed = reference.status != "ok"
            answer = reference if failed else workers.ask(backend, asked)
            given[backend, precision] = answer, time.monotonic() - start

    with tempfile.TemporaryDirectory(prefix="benchsuite-verify-") as folder:
        question = Question(subject=subject, folder=folder, threads=request.threads)
        started(REFERENCE)
        reference = workers.ask(REFERENCE, question)
        started(", ".join(request.backends))
        with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
            list(pool.map(ask_backend, request.backends))
    in_order = {(b, p): given[b, p] for b in request.backends for p in request.precisions}
    return _Answers(reference, in_order)


def _certify(request: Request, subject: str, answers: _Answers) -> Iterator[Certificate]:
    for (backend, precision), (answer, seconds) in answers.given.items():
        others = [o for (b, p), (o, _) in answers.given.items() if b != backend and p == precision]
        verdict, reason = judge(answer, answers.reference, precision, others)
        yield Certificate(
            benchsuite_version=benchsuite.__version__,
            architecture=subject,
            fingerprint=answer.fingerprint,
            inputs=answer.inputs,
            backend=backend,
            versions=answer.versions,
            device=request.device,
            device_name=answer.device_name,
            precision=precision,
            verdict=verdict,
            reason=reason,
            checks=answer.checks,
            cancelled=answers.reference.cancelled,
            created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
            seconds=seconds,
        )
