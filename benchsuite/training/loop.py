"""The epoch loop: the same for every backend, whatever the recipe asks for."""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from time import perf_counter

import msgspec
import numpy as np

from benchsuite.contract import Batch, Recipe, Session
from benchsuite.contract.answers import check_finite_weights, check_losses
from benchsuite.data import Prefetched, TrainingBatches
from benchsuite.errors import NotFiniteError
from benchsuite.graph.weights import Weights
from benchsuite.records import Epoch, finite
from benchsuite.training.checkpoint import Checkpoints, TrainingHistory
from benchsuite.training.evaluation import LOSS, TOP1
from benchsuite.training.schedules import learning_rates

#: Figures of the validation split, by metric.
Figures = Mapping[str, float | None]


@dataclass
class Trained:
    """How training went: each epoch, the loss before each step, and why it ended.

    kept: the epoch after which the weights were what they are in the end.
    fault: what is not finite, and after which step, where no loss tells.
    """

    epochs: list[Epoch] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    ended: str = ""
    kept: Epoch | None = None
    fault: str = ""

    @property
    def steps(self) -> int:
        """Taken so far."""
        return sum(epoch.steps for epoch in self.epochs)

    @property
    def diverged_at(self) -> int | None:
        """The first step with a loss that is not finite, from 0."""
        return next((i for i, loss in enumerate(self.losses) if not math.isfinite(loss)), None)

    @property
    def validation_losses(self) -> list[float]:
        """After each epoch."""
        found = (epoch.validation.get(LOSS.name) for epoch in self.epochs)
        return [math.inf if loss is None else loss for loss in found]

    @property
    def since_best(self) -> int:
        """Epochs since the one with the smallest validation loss; 0 where it is the last."""
        losses = self.validation_losses
        return len(losses) - 1 - losses.index(min(losses))

    def expect_finite(self, act: Callable[[], None]) -> None:
        """Do something; training has diverged where it meets numbers that are not finite."""
        try:
            act()
        except NotFiniteError as error:
            self.ended, self.fault, self.kept = (
                "diverged",
                f"after step {self.steps}: {error}",
                None,
            )

    @property
    def time_to_target_s(self) -> float | None:
        """Seconds of training until the target was reached; None where it was not."""
        return sum(epoch.train_s for epoch in self.epochs) if self.ended == "target" else None


def train(
    session: Session,
    batches: TrainingBatches,
    validate: Callable[[], Figures],
    tell: Callable[[int, Epoch], None] = lambda *_: None,
    checkpoints: Checkpoints | None = None,
) -> Trained:
    """Train by the recipe. Afterwards the session holds the weights that are to be judged.

    validate: figures of the validation split, from the session's weights of the moment.
    tell: called with the number, from 1, of an epoch that has ended, and the epoch.
    checkpoints: where training goes on from, and what it writes as it goes.
    """
    recipe, trained = batches.recipe, Trained()
    best: Weights | None = None
    if checkpoints:
        history, best = checkpoints.load(session)
        trained.epochs, trained.losses = history.epochs, history.losses
    is_first = True
    while not trained.ended:
        _train_epoch(session, batches, trained, is_first=is_first)
        is_first = False
        if trained.diverged_at is not None:
            trained.ended = "diverged"
            return trained
        with _judged(session, recipe):
            epoch = validate_epoch(trained, validate)
            if trained.ended:
                return trained
            if recipe.restore_best and trained.since_best == 0:
                best = session.weights()
        tell(len(trained.epochs), epoch)
        trained.ended = why_to_end(trained, recipe)
        if checkpoints and not trained.ended:
            checkpoints.save(session, TrainingHistory(trained.epochs, trained.losses), best)
    trained.kept = trained.epochs[-1 - trained.since_best if recipe.restore_best else -1]
    if best is not None:
        session.set_weights(best)
    elif recipe.ema is not None:
        session.set_weights(session.averaged_weights())
    trained.expect_finite(lambda: check_finite_weights(session.weights()))
    return trained


def validate_epoch(trained: Trained, validate: Callable[[], Figures]) -> Epoch:
    """The last epoch with its figures of the validation split; training ends without any."""
    figures: dict[str, float | None] = {}
    trained.expect_finite(lambda: figures.update(validate()))
    trained.epochs[-1] = msgspec.structs.replace(trained.epochs[-1], validation=figures)
    return trained.epochs[-1]


def _train_epoch(
    session: Session, batches: TrainingBatches, trained: Trained, *, is_first: bool
) -> None:
    """One pass over the training split, or the part of it that `max_steps` leaves.

    is_first: whether the session takes its first step in it, and compiles.
    """
    recipe, epoch = batches.recipe, len(trained.epochs)
    left = None if recipe.max_steps is None else recipe.max_steps - trained.steps
    rates = learning_rates(recipe, epoch, batches.steps, trained.validation_losses)[:left].tolist()
    losses: list[float] = []
    compile_s = None
    session.synchronize()
    start = perf_counter()
    with closing(Prefetched(itertools.islice(batches.of(epoch), left))) as prefetched:
        if is_first and len(rates) > 1:
            losses += _steps(session, itertools.islice(prefetched, 1), rates[:1])
            first_s = perf_counter() - start
        losses += _steps(session, prefetched, rates[len(losses) :])
    seconds = perf_counter() - start
    if is_first and len(rates) > 1:
        usual_s = (seconds - first_s) / (len(rates) - 1)
        compile_s = max(0.0, first_s - usual_s)
    trained.losses += losses
    trained.epochs.append(
        Epoch(
            steps=len(losses),
            images=len(losses) * recipe.batch_size,
            mean_loss_nats=finite(float(np.mean(losses))),
            learning_rate=rates[-1],
            train_s=seconds - (compile_s or 0.0),
            compile_s=compile_s,
            input_wait_s=prefetched.waited_s,
        )
    )


def _steps(session: Session, batches: Iterable[Batch], rates: list[float]) -> list[float]:
    """One step for each rate, to their end on the device; the loss before each."""
    losses = session.train(batches, rates)
    session.synchronize()
    check_losses(losses, len(rates))
    return [float(loss) for loss in losses]


@contextmanager
def _judged(session: Session, recipe: Recipe) -> Iterator[None]:
    """The session with the weights that are judged: their moving average, where there is one."""
    if recipe.ema is None:
        yield
        return
    own = session.weights()
    session.set_weights(session.averaged_weights())
    yield
    session.set_weights(own)


def why_to_end(trained: Trained, recipe: Recipe) -> str:
    """Empty where training goes on."""
    top1 = trained.epochs[-1].validation.get(TOP1.name)
    if recipe.target_top1 is not None and top1 is not None and top1 >= recipe.target_top1:
        return "target"
    if recipe.early_stopping is not None and trained.since_best >= recipe.early_stopping:
        return "no improvement"
    if trained.steps == recipe.max_steps:
        return "max_steps"
    return "epochs" if len(trained.epochs) == recipe.epochs else ""
