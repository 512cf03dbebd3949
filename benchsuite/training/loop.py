"""The epoch loop and the evaluation: the same for every backend."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from benchsuite.contract import Metric, Session, Split
from benchsuite.data import PreparedData, normalize, training_batches
from benchsuite.records import Epoch, Recipe, finite

#: Every evaluation uses this batch size, whatever the training batch: see pitfall 38.
EVALUATION_BATCH_SIZE = 64


def train(
    session: Session, data: PreparedData, recipe: Recipe, seed: int
) -> tuple[list[Epoch], list[float]]:
    """Train by the recipe and return what each epoch gave, and the loss before each step."""
    epochs: list[Epoch] = []
    losses: list[float] = []
    for epoch in range(recipe.epochs):
        left = None if recipe.max_steps is None else recipe.max_steps - len(losses)
        if left == 0:
            break
        batches = training_batches(data.train, recipe.batch_size, seed, epoch)
        found, seconds = _train_epoch(session, list(itertools.islice(batches, left)), recipe)
        losses += [float(loss) for loss in found]
        epochs.append(
            Epoch(
                steps=len(found),
                images=len(found) * recipe.batch_size,
                mean_loss_nats=finite(float(np.mean(found))),
                learning_rate=recipe.learning_rate,
                train_s=seconds,
            )
        )
    return epochs, losses


def _train_epoch(
    session: Session, batches: Sequence[object], recipe: Recipe
) -> tuple[NDArray[np.float32], float]:
    rates = [recipe.learning_rate] * len(batches)
    session.synchronize()
    start = perf_counter()
    losses = session.train(batches, rates)
    session.synchronize()
    return losses, perf_counter() - start


def evaluate(
    session: Session, split: Split, data: PreparedData, metrics: Sequence[Metric]
) -> dict[str, float | None]:
    """Each metric on one split, from the logits of the network in evaluation mode."""
    logits = predict(session, normalize(split.images, data.normalizer)).astype(np.float64)
    return {metric.name: finite(metric.compute(logits, split.labels)) for metric in metrics}


def predict(session: Session, images: NDArray[np.float32]) -> NDArray[np.float32]:
    """Logits (N, classes) in batches of one fixed size; the last is filled up and cut."""
    parts: list[NDArray[np.float32]] = []
    for start in range(0, len(images), EVALUATION_BATCH_SIZE):
        batch = images[start : start + EVALUATION_BATCH_SIZE]
        filled = np.resize(batch, (EVALUATION_BATCH_SIZE, *batch.shape[1:]))
        parts.append(session.predict(filled)[: len(batch)])
    return np.concatenate(parts)
