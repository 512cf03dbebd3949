"""Verification as a whole: of each subject the reference first, then every backend."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from tempfile import TemporaryDirectory

import msgspec

import benchsuite
from benchsuite.hooks import Plugins
from benchsuite.parity.subjects import find_subject
from benchsuite.parity.worker import REFERENCE, Answer, Question
from benchsuite.parity.workers import Workers
from benchsuite.records.certificate import Certificate, Check, Verdict

#: Backends that work at once.
_AT_ONCE = 2
#: Of a network with more parameters, a backend in float64 takes up to 10 GB, the reference 6.
_LARGE = 100_000_000
#: Where numbers are rounded, a backend may be so many times as far from float64 as another.
_TIMES_ANOTHERS = 3.0


@dataclass(frozen=True, slots=True)
class Request:
    """Every subject in every backend and precision, on one device; each process's memory limit."""

    subjects: Sequence[str]
    backends: Sequence[str]
    precisions: Sequence[str]
    device: str
    threads: int
    timeout_s: float
    memory_limit_bytes: int | None = None


def verify(
    request: Request, plugins: Plugins, tell: Callable[[str, str, int, int], None]
) -> Iterator[Certificate]:
    """Certify; `tell` hears the subject, who begins with it, its place and how many there are."""
    workers = Workers(plugins, request.threads, request.timeout_s, request.memory_limit_bytes)
    references = _References(request, workers)
    total = len(request.subjects)
    # Workers end first: nobody waits for the answer to what was asked of them.
    with closing(references), closing(workers):
        for index, subject in enumerate(request.subjects):
            tell(subject, REFERENCE, index, total)
            with references.of(index) as reference:
                tell(subject, ", ".join(request.backends), index, total)
                graphs = find_subject(subject, plugins).graphs
                large = max(graph.parameters for graph in graphs) > _LARGE
                answers = _ask(request, reference, workers, references.wait if large else None)
            yield from _certify(request, subject, reference.answer, answers)


@dataclass(frozen=True, slots=True)
class _Reference:
    """Where a subject's reference lies, and what was said of it."""

    question: Question
    answer: Answer


class _References:
    """The subjects' references: each begins while backends have the last one's."""

    def __init__(self, request: Request, workers: Workers) -> None:
        self._request = request
        self._workers = workers
        self._one = ThreadPoolExecutor(1)
        self._begun: dict[int, tuple[TemporaryDirectory[str], Future[_Reference]]] = {}

    @contextmanager
    def of(self, index: int) -> Iterator[_Reference]:
        """The reference of one subject, as long as it is needed."""
        self._begin(index)
        folder, future = self._begun[index]
        reference = future.result()
        if index + 1 < len(self._request.subjects):
            self._begin(index + 1)
        with folder:
            yield reference
        del self._begun[index]

    def wait(self) -> None:
        """Return when all that were begun are done."""
        wait([future for _, future in self._begun.values()])

    def close(self) -> None:
        """Wait for what was begun, and remove it."""
        self._one.shutdown(cancel_futures=True)
        for folder, _ in self._begun.values():
            folder.cleanup()

    def _begin(self, index: int) -> None:
        if index not in self._begun:
            folder = TemporaryDirectory(prefix="benchsuite-verify-")
            self._begun[index] = folder, self._one.submit(self._write, index, folder.name)

    def _write(self, index: int, folder: str) -> _Reference:
        subject, threads = self._request.subjects[index], self._request.threads
        question = Question(subject=subject, folder=folder, threads=threads)
        answer = self._workers.ask(REFERENCE, question)
        self._workers.done_with(REFERENCE)
        return _Reference(question, answer)


#: What was said of one subject, by backend and precision, with the seconds it took.
_Answers = dict[tuple[str, str], tuple[Answer, float]]


def _ask(
    request: Request, reference: _Reference, workers: Workers, alone: Callable[[], None] | None
) -> _Answers:
    """Every backend, some at once: most of a comparison is tracing, which uses a single core.

    alone: for large networks; what all but the first backend wait for, then each by itself.
    """
    given: _Answers = {}

    def ask_backend(backend: str) -> None:
        if alone and backend != request.backends[0]:
            alone()
        for precision in request.precisions:
            start = time.monotonic()
            asked = msgspec.structs.replace(
                reference.question, device=request.device, precision=precision
            )
            failed = reference.answer.status != "ok"
            answer = reference.answer if failed else workers.ask(backend, asked)
            given[backend, precision] = answer, time.monotonic() - start
        workers.done_with(backend)

    with ThreadPoolExecutor(1 if alone else _AT_ONCE) as pool:
        try:
            list(pool.map(ask_backend, request.backends))
        except KeyboardInterrupt:
            workers.close()
            raise
    # In the order that was asked for: threads end in any.
    return {(b, p): given[b, p] for b in request.backends for p in request.precisions}


def _certify(
    request: Request, subject: str, reference: Answer, answers: _Answers
) -> Iterator[Certificate]:
    for (backend, precision), (answer, seconds) in answers.items():
        others = [o for (b, p), (o, _) in answers.items() if b != backend and p == precision]
        verdict, reason = judge(answer, reference, precision, others)
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
            cancelled=reference.cancelled,
            created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
            seconds=seconds,
        )


def judge(
    answer: Answer, reference: Answer, precision: str, others: Sequence[Answer] = ()
) -> tuple[Verdict, str]:
    """The verdict and its reason; `others` are other backends' answers to the same question."""
    if answer.status != "ok":
        return ("unsupported" if answer.status == "unsupported" else "failed"), answer.reason
    if reference.degenerate:
        return "degenerate", f"without effect: {', '.join(reference.degenerate)}"
    failed = [check for check in answer.checks if not check.passed]
    if not failed:
        return ("exact" if precision == "fp64" else "within tolerance"), ""
    reason = "; ".join(_explain(check) for check in failed)
    if precision != "fp64" and all(_no_worse_than_another(check, others) for check in failed):
        return "within tolerance", f"{reason}; another backend's error is of that size too"
    return "differs", reason


def _no_worse_than_another(check: Check, others: Sequence[Answer]) -> bool:
    if check.quantity != "logits" or check.error is None:
        return False
    found = [other for answer in others for other in answer.checks if other.quantity == "logits"]
    errors = [other.error for other in found if other.error is not None]
    return any(check.error <= _TIMES_ANOTHERS * error for error in errors)


def _explain(check: Check) -> str:
    if check.error is None:
        return f"{check.quantity} not finite, or of another shape, in {check.worst}"
    allowed = f"allowed {check.tolerance:g}"
    return f"{check.quantity} by {check.error:.1e} in {check.worst} ({allowed})"
