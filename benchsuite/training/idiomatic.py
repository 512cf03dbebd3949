"""Training as each framework's own guides have it: its order, its input pipeline, its optimiser."""

import math
from collections.abc import Callable
from time import perf_counter

import numpy as np

from benchsuite.contract import IdiomaticSession, Recipe
from benchsuite.contract.answers import check_finite_weights
from benchsuite.data import FittedSplit
from benchsuite.records import Epoch, finite
from benchsuite.training.loop import Figures, Trained, validate_epoch, why_to_end


def train_idiomatically(
    session: IdiomaticSession,
    split: FittedSplit,
    recipe: Recipe,
    validate: Callable[[], Figures],
    tell: Callable[[int, Epoch], None] = lambda *_: None,
) -> Trained:
    """Epoch by epoch; where `max_steps` leaves a part of one, over its share of the images."""
    trained, images = Trained(), split.images[:]
    while not trained.ended:
        count = len(images)
        if recipe.max_steps is not None:
            count = min(count, (recipe.max_steps - trained.steps) * recipe.batch_size)
        chosen = np.linspace(0, len(images), count, endpoint=False).astype(np.int64)
        whole = count == len(images)
        shown = (images, split.labels) if whole else (images[chosen], split.labels[chosen])
        session.synchronize()
        start = perf_counter()
        loss = session.fit(*shown)
        session.synchronize()
        seconds = perf_counter() - start
        trained.epochs.append(
            Epoch(
                steps=math.ceil(count / recipe.batch_size),
                images=count,
                mean_loss_nats=finite(loss),
                learning_rate=recipe.lr,
                train_s=seconds,
                input_wait_s=None,
            )
        )
        if not math.isfinite(loss):
            trained.ended = "diverged"
            return trained
        epoch = validate_epoch(trained, validate)
        if trained.ended:
            return trained
        tell(len(trained.epochs), epoch)
        trained.ended = why_to_end(trained, recipe)
    trained.kept = trained.epochs[-1]
    trained.expect_finite(lambda: check_finite_weights(session.weights()))
    return trained
