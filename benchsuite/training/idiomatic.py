"""Training as each framework's own guides have it: its order, its input pipeline, its optimiser."""

from __future__ import annotations

import math
from collections.abc import Callable
from time import perf_counter

import numpy as np

from benchsuite.contract import IdiomaticSession, Recipe
from benchsuite.data import FittedSplit
from benchsuite.records import Epoch, finite
from benchsuite.training.loop import Figures, Trained, why_to_end


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
        count = _images_left(len(images), trained, recipe)
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
                validation=dict(validate()),
            )
        )
        tell(len(trained.epochs), trained.epochs[-1])
        trained.ended = "diverged" if not math.isfinite(loss) else why_to_end(trained, recipe)
    trained.kept = trained.epochs[-1]
    return trained


def _images_left(images: int, trained: Trained, recipe: Recipe) -> int:
    """Of one epoch, as far as `max_steps` goes."""
    if recipe.max_steps is None:
        return images
    return min(images, (recipe.max_steps - trained.steps) * recipe.batch_size)
