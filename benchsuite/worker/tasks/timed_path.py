"""What the process that times proves of its own figures, beside the clock."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from benchsuite.contract import Batch, PartedSession, Session
from benchsuite.graph.masks import draw_masks
from benchsuite.measure.proofs.inference import CACHED, InferenceWitness
from benchsuite.measure.proofs.parts import part_proofs
from benchsuite.measure.proofs.product import ProductCeiling, speed_proof
from benchsuite.measure.proofs.steps import StepsWitness
from benchsuite.records import Findings, Proof
from benchsuite.records.series import Series
from benchsuite.worker.tasks.context import TaskContext


@dataclass
class TimedPath:
    """Collects proofs of one session's figures, each in the phase `proof`."""

    task: TaskContext
    session: Session
    proofs: list[Proof] = field(default_factory=list)

    @contextmanager
    def _phase(self) -> Iterator[None]:
        with self.task.phase("proof", measuring=False):
            yield

    def inference(
        self, batches: Sequence[Batch], placed: Sequence[Any]
    ) -> tuple[InferenceWitness, Callable[..., None]]:
        """A witness of a loop, and what calls it within the loop."""
        witness = InferenceWitness(self.session, batches, placed)

        def then(*seen: Any) -> None:  # noqa: ANN401 - see `AfterLoop`
            with self._phase():
                witness(*seen)

        return witness, then

    def infer(self, witness: InferenceWitness, series: Series) -> list[str]:
        """Prove what the loop answered; the flags that the figure gets."""
        with self._phase():
            self.proofs += witness.proofs(series.metric, self.task.case.precision)
            self._speed(series)
        return ["cached"] if witness.cache_ratio > CACHED else []

    def training(self) -> StepsWitness:
        """A witness of timed steps."""
        case = self.task.case
        return StepsWitness(self.session, case.recipe.lr, case.precision, self._open_anew)

    def train(
        self, witness: StepsWitness, series: Series, batches: Sequence[Batch], placed: Sequence[Any]
    ) -> None:
        """Prove the timed steps; the session is in another state then."""
        with self._phase():
            self.proofs += witness.proofs(series, batches, placed)
            self._speed(series)

    def parts(self, session: PartedSession, batch: Batch) -> None:
        """Prove the parts of a step."""
        case = self.task.case
        with self._phase():
            masks = draw_masks(session.graph, len(batch.images), np.random.default_rng())
            masked = Batch(batch.images, batch.labels, masks)
            placed = session.place(masked)
            self.proofs += part_proofs(session, masked, placed, case.recipe.lr, case.precision)

    def findings(self) -> Findings:
        """All of them."""
        return Findings(proofs=tuple(self.proofs))

    def _open_anew(self) -> Session:
        return self.task.open_to_measure(measuring=False)

    def _speed(self, series: Series) -> None:
        self.proofs += speed_proof(series, self.session, self.task.case.precision, self._ceiling)

    @cached_property
    def _ceiling(self) -> ProductCeiling:
        return ProductCeiling(self.task.backend, self.task.setup())
