"""What a worker does for a case: three tasks, each in a process of its own.

A task yields its findings as they come, so that nothing measured is lost to what follows.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from time import perf_counter

from benchsuite.contract import Backend, Batch, NativeModel, Session, Setup
from benchsuite.data import PreparedData, digest_order, prepare
from benchsuite.errors import BenchsuiteError
from benchsuite.graph import Shape
from benchsuite.graph.weights import digest_weights
from benchsuite.hooks import Plugins
from benchsuite.measure.environment import cpu_name
from benchsuite.measure.memory import peak_bytes, reset_peak
from benchsuite.measure.protocol import PROTOCOLS
from benchsuite.measure.timing import (
    measure_latency,
    measure_throughput,
    measure_training,
    quiet_collector,
    synthetic_batches,
)
from benchsuite.networks import Network, find_network, open_network
from benchsuite.records import (
    Case,
    Digests,
    Findings,
    Measurement,
    Phase,
    Size,
    Training,
    finite,
)
from benchsuite.run.environment import RECORDED_VARIABLES
from benchsuite.training.loop import evaluate, train

#: Calls after which a process's memory has seen everything that inference allocates.
_MEMORY_CALLS = 3


@dataclass
class _Task:
    """One task at work: what it was given, and how long each of its phases took."""

    name: str
    case: Case
    plugins: Plugins
    backend: Backend
    phases: list[Phase] = field(default_factory=list)

    @contextmanager
    def phase(self, name: str, *, measuring: bool) -> Iterator[None]:
        start = perf_counter()
        yield
        seconds = perf_counter() - start
        self.phases.append(Phase(task=self.name, name=name, seconds=seconds, measuring=measuring))

    def network(self) -> Network:
        """The architecture, or the native model."""
        return find_network(self.case.architecture, self.plugins)

    def open(self, setup: Setup, input_shape: Shape, classes: int) -> Session:
        network = self.network()
        with self.phase("open", measuring=False):
            return open_network(network, self.backend, setup, input_shape, classes)

    def open_to_measure(self) -> Session:
        """The network whose speed, memory and size are measured."""
        return self.open(self.setup(), self.case.input_shape, self.case.num_classes)

    def setup(self) -> Setup:
        case = self.case
        return Setup(
            device=case.device,
            tier=case.tier,
            precision=case.precision,
            threads=case.threads,
            seed=case.seed,
            update_rule=case.recipe.update_rule,
        )

    def _device_name(self) -> str:
        device = self.case.device
        return cpu_name() if device == "cpu" else self.backend.device_name(device)

    def surroundings(self, session: Session) -> Findings:
        """What every task tells of where it ran; last, since it takes the phases along."""
        settings = {**_variables(), **plain(session.settings())}
        return Findings(
            versions=plain(self.backend.versions()),
            device_name=self._device_name(),
            ledger={f"{self.name}.{key}": value for key, value in settings.items()},
            phases=tuple(self.phases),
        )


def measure_memory(case: Case, plugins: Plugins, backend: Backend) -> Iterator[Findings]:
    """Peak memory of building the network and calling it at batch 1, and its size.

    Needs a fresh interpreter with the system's own allocator, and times nothing.
    """
    task = _Task("memory", case, plugins, backend)
    network = task.network()
    imported = reset_peak()
    session = task.open_to_measure()
    with task.phase("memory", measuring=True):
        batches = _pool(session, 1, case)[:_MEMORY_CALLS]
        for batch in batches:
            session.infer(session.place(batch))
            session.synchronize()
        peak = peak_bytes()
    yield Findings(measurements=tuple(_memory(session, imported, peak)))
    with task.phase("count", measuring=True):
        size = _size(network, session)
    yield Findings(size=size)
    _check_size(size, case)
    yield task.surroundings(session)


def _memory(session: Session, imported: int, peak: int) -> Iterator[Measurement]:
    yield _bytes("host_memory_peak", peak)
    yield _bytes("host_memory_above_import", peak - imported)
    on_device = session.device_memory()
    if on_device is not None:
        yield _bytes("device_memory_peak", on_device)


def _bytes(metric: str, value: int) -> Measurement:
    return Measurement(metric=metric, unit="bytes", better="lower", values=(float(value),))


def _size(network: Network, session: Session) -> Size:
    graph, counts = session.graph, session.counts()
    native = isinstance(network, NativeModel)
    macs = counts.macs if native else graph.macs
    return Size(
        fingerprint="" if native else graph.fingerprint,
        architecture_fingerprint="" if native else network.trace().fingerprint,
        parameters=graph.parameters,
        buffers=graph.buffers,
        macs=macs,
        flops=2 * macs,
        native_parameters=counts.parameters,
        native_macs=counts.macs,
        native_counter=counts.counter,
    )


def _check_size(size: Size, case: Case) -> None:
    """Refuse a backend whose network is not the graph's."""
    if (size.native_parameters, size.native_macs) != (size.parameters, size.macs):
        raise BenchsuiteError(
            f"{case.backend} built another network than {case.architecture}: the graph has "
            f"{size.parameters:,} parameters and {size.macs:,} MACs, {size.native_counter} "
            f"counts {size.native_parameters:,} and {size.native_macs:,}"
        )


def learn(case: Case, plugins: Plugins, backend: Backend) -> Iterator[Findings]:
    """Train on the core's splits, from the core's weights, and evaluate from raw logits."""
    task = _Task("learn", case, plugins, backend)
    with task.phase("data", measuring=False):
        dataset = plugins.datasets[case.dataset].load()()
        data = prepare(dataset, case.train_input_shape, case.seed)
        metrics = [entry.load() for entry in plugins.metrics.values()]
    network = task.network()
    if isinstance(network, NativeModel) and network.normalizer:
        data = replace(data, normalizer=network.normalizer)
    setup = replace(task.setup(), normalizer=data.normalizer)
    session = task.open(setup, case.train_input_shape, len(dataset.class_names))
    digests = _digests(session, data, case)
    with task.phase("train", measuring=True):
        epochs, losses = train(session, data, case.recipe, case.seed)
    diverged = next((i for i, loss in enumerate(losses) if not math.isfinite(loss)), None)
    with task.phase("evaluate", measuring=True):
        validation = evaluate(session, data.validation, data, metrics)
        test = evaluate(session, data.test, data, metrics)
    yield Findings(
        training=Training(
            digests=digests,
            normalizer=data.normalizer,
            split_sizes={
                "train": len(data.train.labels),
                "validation": len(data.validation.labels),
                "test": len(data.test.labels),
            },
            step_losses=tuple(finite(loss) for loss in losses),
            epochs=tuple(epochs),
            validation={} if diverged is not None else validation,
            test={} if diverged is not None else test,
        )
    )
    if diverged is not None:
        raise BenchsuiteError(
            f"training diverged: the loss of step {diverged + 1} is {losses[diverged]}; "
            "a lower --learning-rate may help"
        )
    yield task.surroundings(session)


def import_for(task: str, case: Case, plugins: Plugins) -> None:
    """Import what a task needs besides the framework, and do nothing with it.

    scikit-learn takes longer to import than many a network takes to train.
    """
    if task == "learn":
        plugins.datasets[case.dataset].load()


def _digests(session: Session, data: PreparedData, case: Case) -> Digests:
    """Of what the session is about to be trained from."""
    return Digests(
        data=data.data_digest,
        split=data.split_digest,
        order=digest_order(len(data.train.labels), case.seed, case.recipe.epochs),
        initial_weights=digest_weights(session.weights()),
        train_fingerprint=session.graph.fingerprint if case.origin == "graph" else "",
    )


def measure_time(case: Case, plugins: Plugins, backend: Backend) -> Iterator[Findings]:
    """Latency at batch 1, throughput and training step, at the network's measured size."""
    task = _Task("time", case, plugins, backend)
    protocol = PROTOCOLS[case.protocol]
    session = task.open_to_measure()
    with quiet_collector():
        with task.phase("latency", measuring=True):
            placed = [session.place(batch) for batch in _pool(session, 1, case)]
            latency = measure_latency(session, placed, protocol)
        yield Findings(measurements=(latency, _first("first_call", latency.warmups[0])))
        with task.phase("inference", measuring=True):
            size = case.inference_batch_size
            placed = [session.place(batch) for batch in _pool(session, size, case)]
            yield Findings(measurements=(measure_throughput(session, placed, size, protocol),))
        with task.phase("training", measuring=True):
            size = case.training_batch_size
            placed = [session.place(batch) for batch in _pool(session, size, case)]
            rate = case.recipe.learning_rate
            training = measure_training(session, placed, size, rate, protocol)
        first = _first("first_training_step", size / training.warmups[0])
        yield Findings(measurements=(training, first))
    yield task.surroundings(session)


def _pool(session: Session, batch_size: int, case: Case) -> list[Batch]:
    protocol = PROTOCOLS[case.protocol]
    return synthetic_batches(session, batch_size, protocol, case.num_classes, case.seed)


def plain(words: Mapping[str, str]) -> dict[str, str]:
    """The words as plain text: frameworks have versions of a type of their own."""
    return {str(key): str(value) for key, value in words.items()}


def _first(metric: str, seconds: float) -> Measurement:
    return Measurement(metric=metric, unit="s", better="lower", values=(seconds,))


def _variables() -> dict[str, str]:
    return {name: os.environ.get(name, "unset") for name in RECORDED_VARIABLES}


Task = Callable[[Case, Plugins, Backend], Iterator[Findings]]

#: In the order in which a case goes through them.
TASKS: dict[str, Task] = {"memory": measure_memory, "learn": learn, "time": measure_time}
