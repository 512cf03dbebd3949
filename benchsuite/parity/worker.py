"""A worker process of `verify`: the reference, or one backend, subject after subject.

Its arguments are BACKEND [PLUGIN …]; `reference` stands for the NumPy reference. One JSON request
a line comes on standard input, one JSON answer a line goes to what was standard output. Two
frameworks never share a process.
"""

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast

import msgspec
import numpy as np

from benchsuite.contract import (
    Backend,
    Division,
    IdiomaticBackend,
    InspectableSession,
    Normalizer,
    Session,
    Setup,
    UpdateRule,
)
from benchsuite.errors import BenchsuiteError, MissingDependencyError, UnsupportedError
from benchsuite.graph import Graph
from benchsuite.hooks import Source, load_plugins, source_of
from benchsuite.measure.machine.facts import cpu_name
from benchsuite.parity.compare import TensorComparison, exact_tolerance, rounded_tolerance
from benchsuite.parity.degeneracy import sensitivity
from benchsuite.parity.experiment import FIT_RECIPE
from benchsuite.parity.rounding import read_bounds, write_bounds
from benchsuite.parity.storage import ReferenceReader, ReferenceWriter
from benchsuite.parity.subjects import Opener, Subject, find_subject
from benchsuite.parity.weights import forget_weights, read_weights, write_statistics
from benchsuite.records.certificate import FIT_QUANTITY, Check
from benchsuite.reference.backend import NumpyBackend

REFERENCE = "reference"


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """Harness -> worker: compare this subject, or write its reference into `folder`.

    rounded: precisions below float64 for which the reference says how far layers may be off.
    cpus: what the process is to keep to.
    """

    subject: str
    folder: str
    device: str = "cpu"
    tier: str = "native"
    precision: str = "fp64"
    division: Division = "matched"
    rounded: tuple[str, ...] = ()
    threads: int | None = None
    cpus: tuple[int, ...] = ()


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Worker -> harness. `status` is ok unless the question could not be answered."""

    status: str = "ok"
    reason: str = ""
    fingerprint: str = ""
    inputs: tuple[str, ...] = ()
    versions: dict[str, str] = {}
    source: Source = Source()
    device_name: str = ""
    checks: tuple[Check, ...] = ()
    degenerate: tuple[str, ...] = ()
    cancelled: tuple[str, ...] = ()


def main() -> None:
    """Answer questions until standard input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    # What a framework prints is no answer.
    os.dup2(2, 1)
    name, *unpackaged = sys.argv[1:]
    last = ""
    for line in sys.stdin.buffer:
        question = msgspec.json.decode(line, type=Question)
        if question.cpus and hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, question.cpus)
        if question.subject != last:
            forget_weights()
            last = question.subject
        try:
            answer = _answer(name, unpackaged, question)
        except (UnsupportedError, MissingDependencyError) as error:
            answer = Answer(status="unsupported", reason=str(error))
        except Exception as error:  # noqa: BLE001 - the backend's own failure, whatever it is
            traceback.print_exc()
            said = str(error) if isinstance(error, BenchsuiteError) else repr(error)
            answer = Answer(status="failed", reason=said)
        answers.write(msgspec.json.encode(answer) + b"\n")
        answers.flush()


def _answer(name: str, unpackaged: list[str], question: Question) -> Answer:
    plugins = load_plugins(unpackaged)
    subject = find_subject(question.subject, plugins)
    if name == REFERENCE:
        return write_reference(subject, Path(question.folder), question.rounded)
    entry = plugins.backends[name]
    backend: Backend = entry.load()()
    answer = compare(subject, backend, question)
    return msgspec.structs.replace(answer, source=source_of(entry, plugins))


def write_reference(subject: Subject, folder: Path, rounded: tuple[str, ...] = ()) -> Answer:
    """Observe the reference, and see which weights matter.

    rounded: precisions for which bounds are written too.
    """
    for graph in subject.graphs:
        write_statistics(graph, folder)
    opened = opener(NumpyBackend(), Setup(precision="fp64"), folder)
    writer = ReferenceWriter(folder)
    for observation in subject.observe_reference(opened):
        writer.add(observation)
    writer.close()
    guarded = subject.graphs[0]
    weights = {n: array.astype(np.float64) for n, array in read_weights(guarded, folder).items()}
    write_bounds(guarded, weights, rounded, folder)
    found = sensitivity(guarded, weights)
    in_training = tuple(
        f"{name} (in training: a BatchNorm behind it takes its mean away)"
        for name in writer.without_gradient()
    )
    return Answer(degenerate=found.degenerate, cancelled=found.cancelled + in_training)


def compare(subject: Subject, backend: Backend, question: Question) -> Answer:
    """Observe a backend, and compare it with the reference tensor by tensor."""
    device, precision, folder = question.device, question.precision, Path(question.folder)
    setup = Setup(device=device, tier=question.tier, precision=precision, threads=question.threads)
    reader = ReferenceReader(folder)
    exact, idiomatic = precision == "fp64", question.division == "idiomatic"
    tolerance = (
        exact_tolerance if exact else rounded_tolerance(precision, read_bounds(folder, precision))
    )
    comparison = TensorComparison(tolerance, reader.largest)
    opened = (idiomatic_opener if idiomatic else opener)(backend, setup, folder)
    for seen in subject.observe(opened, exact=exact, division=question.division):
        expected = reader.take(seen.quantity, seen.name)
        comparison.add(seen.quantity, seen.name, seen.array, expected)
    if exact and not idiomatic:
        reader.require_all_taken(but=FIT_QUANTITY)
    return Answer(
        fingerprint=subject.fingerprint,
        inputs=tuple(_describe(graph) for graph in subject.graphs),
        versions={str(k): str(v) for k, v in backend.versions().items()},
        device_name=cpu_name() if device == "cpu" else backend.device_name(device),
        checks=comparison.checks(),
    )


def opener(backend: Backend, setup: Setup, folder: Path) -> Opener:
    """Opens networks in a backend, with weights that hide nothing."""

    @contextmanager
    def opened(
        graph: Graph, rule: UpdateRule, normalizer: Normalizer
    ) -> Iterator[InspectableSession]:
        chosen = replace(setup, update_rule=rule, normalizer=normalizer)
        session = backend.open(graph, read_weights(graph, folder), chosen)
        try:
            yield _inspectable(session, backend.name)
        finally:
            session.close()

    return opened


def idiomatic_opener(backend: Backend, setup: Setup, folder: Path) -> Opener:
    """The same in the idiomatic division. Raises UnsupportedError where a backend has none."""
    if not isinstance(backend, IdiomaticBackend):
        raise UnsupportedError(f"backend '{backend.name}' has no idiomatic division")

    @contextmanager
    def opened(graph: Graph, _: UpdateRule, normalizer: Normalizer) -> Iterator[InspectableSession]:
        weights, chosen = read_weights(graph, folder), replace(setup, normalizer=normalizer)
        session = backend.open_idiomatic(graph, weights, chosen, FIT_RECIPE)
        try:
            session.set_weights(weights)  # layers have drawn their own
            yield _inspectable(session, backend.name)
        finally:
            session.close()

    return opened


def _inspectable(session: Session, backend: str) -> InspectableSession:
    missing = [name for name in ("activations", "gradients") if not hasattr(session, name)]
    if missing:
        raise UnsupportedError(
            f"backend '{backend}' cannot be certified: its sessions have no "
            f"{' and no '.join(missing)} (see benchsuite.contract.InspectableSession)"
        )
    return cast("InspectableSession", session)


def _describe(graph: Graph) -> str:
    return f"{'×'.join(map(str, graph.input_shape))} → {graph.output.shape[0]}"
