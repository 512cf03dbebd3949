"""One task at work: what it was given, and what every task does."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any

import msgspec

from benchsuite.contract import Backend, Batch, Normalizer, Session, Setup
from benchsuite.graph import Shape
from benchsuite.hooks import Plugins, Source
from benchsuite.measure.flags import BACKED_OFF, process_flags
from benchsuite.measure.machine.accelerator import find_accelerator
from benchsuite.measure.machine.facts import cpu_name
from benchsuite.measure.machine.watch import Watch
from benchsuite.measure.protocol import PROTOCOLS
from benchsuite.measure.scenarios import synthetic_batches
from benchsuite.networks import Network, find_network, open_idiomatic, open_network
from benchsuite.processes.messages import Job, Trying
from benchsuite.processes.settings import RECORDED_VARIABLES
from benchsuite.records import Case, Epoch, Findings, Phase
from benchsuite.records.series import Reading, Series
from benchsuite.worker.events import plain


@dataclass
class TaskContext:
    """One task at work: what it was given, and how long each of its phases took.

    cpus: those that the process and its threads are bound to.
    import_s: from the interpreter's start to the framework's imported; None where it was forked.
    getting_ready: from the process's beginning, before it imported anything.
    sources: the code of the backend and of the reference.
    tell: called with the number, from 1, of an epoch that has ended, and the epoch.
    announce: called with what may not fit into memory, before it is tried.
    """

    job: Job
    case: Case
    plugins: Plugins
    backend: Backend
    cpus: Sequence[int] = ()
    import_s: float | None = None
    getting_ready: Watch = field(default_factory=Watch)
    sources: Mapping[str, Source] = field(default_factory=dict)
    tell: Callable[[int, Epoch], None] = lambda *_: None
    announce: Callable[[Trying], None] = lambda _: None
    phases: list[Phase] = field(default_factory=list)

    @property
    def inference_batch_size(self) -> int:
        """Of the throughput: the case's, or what it was backed off to."""
        return self.job.backed_off.inference or self.case.inference_batch_size

    @property
    def training_batch_size(self) -> int:
        """Of the training step, likewise."""
        return self.job.backed_off.training or self.case.training_batch_size

    @contextmanager
    def phase(self, name: str, *, measuring: bool) -> Iterator[None]:
        """Time what happens in it; a phase within it counts as its own alone."""
        start, known = perf_counter(), len(self.phases)
        yield
        within = sum(phase.seconds for phase in self.phases[known:])
        took, task = perf_counter() - start - within, self.job.task
        self.phases.append(Phase(task=task, name=name, seconds=took, measuring=measuring))

    def network(self) -> Network:
        """The architecture, or the native model."""
        return find_network(self.case.architecture, self.plugins)

    def open(
        self, setup: Setup, input_shape: Shape, classes: int, *, measuring: bool = False
    ) -> Session:
        """The network at this input (H, W, C)."""
        network = self.network()
        with self.phase("open", measuring=measuring):
            return open_network(network, self.backend, setup, input_shape, classes)

    def open_to_train(self, normalizer: Normalizer, classes: int) -> Session:
        """The network that is trained, in the case's division. Raises UnsupportedError."""
        case, setup = self.case, replace(self.setup(), normalizer=normalizer)
        if case.division == "matched":
            return self.open(setup, case.train_input_shape, classes)
        network = self.network()
        graph = network.trace(case.train_input_shape, classes)
        with self.phase("open", measuring=False):
            return open_idiomatic(network, graph, self.backend, setup, case.recipe)

    def open_to_measure(self, *, measuring: bool) -> Session:
        """The network whose speed, memory and size are measured; measuring: whether opening is."""
        case = self.case
        return self.open(self.setup(), case.input_shape, case.num_classes, measuring=measuring)

    def setup(self) -> Setup:
        """As the case has it; images are taken as normalised."""
        case = self.case
        return Setup(
            device=case.device,
            tier=case.tier,
            precision=case.precision,
            threads=case.threads,
            seed=case.seed,
            update_rule=case.recipe.update_rule,
        )

    def device_name(self) -> str:
        """The vendor's name of the case's device."""
        device = self.case.device
        return cpu_name() if device == "cpu" else self.backend.device_name(device)

    def machine_facts(self, session: Session) -> Findings:
        """What every task tells of where it ran; last, since it takes the phases along."""
        accelerator = find_accelerator(self.case.device)
        of_gpu = accelerator.settings() if accelerator else {}
        variables = {name: os.environ.get(name, "unset") for name in RECORDED_VARIABLES}
        settings = {**variables, **of_gpu, **plain(session.settings())}
        return Findings(
            versions=plain(self.backend.versions()),
            sources=dict(self.sources),
            device_name=self.device_name(),
            ledger={f"{self.job.task}.{key}": value for key, value in settings.items()},
            phases=tuple(self.phases),
        )


def input_pool(session: Session, batch_size: int, case: Case) -> list[Batch]:
    """Batches of random images: what is measured with."""
    protocol = PROTOCOLS[case.protocol]
    return synthetic_batches(session, batch_size, protocol, case.num_classes, case.seed)


def placed_pool(task: TaskContext, session: Session, batch_size: int) -> list[Any]:
    """The same, on the device."""
    return [session.place(batch) for batch in input_pool(session, batch_size, task.case)]


def judged(task: TaskContext, series: Series, of_clock: Iterable[str] = ()) -> Series:
    """With the flags of what else happened."""
    found = flags_of(task, series.reading, calls=series.calls * len(series.samples))
    return msgspec.structs.replace(series, flags=(*series.flags, *of_clock, *found))


def flags_of(task: TaskContext, reading: Reading, *, calls: int) -> list[str]:
    """What was wrong while so many calls of a task were made."""
    return process_flags(
        reading,
        cpus=task.cpus if task.case.device == "cpu" else None,
        calls=calls,
        tuned=task.case.process_settings == "tuned",
    )


def backed_off(size: int, instead: int | None) -> list[str]:
    """The flag of a figure that is of another batch than the case's own."""
    return [BACKED_OFF] if size == instead else []
