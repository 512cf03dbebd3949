"""`cnn_basic` trained in the matched division: one side of the benchmarks of whole loops.

On images of CIFAR-10's shape and number; what they show does not change how long it takes.
"""

import numpy as np
from interleaved import Calls

from benchsuite.contract import Normalizer, Recipe, Session, Split
from benchsuite.data import FittedSplit, TrainingBatches
from benchsuite.data.batches.fitted import fit_split
from benchsuite.graph import Graph
from benchsuite.hooks import load_plugins
from benchsuite.training.loop import train

SHAPE = (32, 32, 3)
RECIPE = Recipe(optimizer="adam", batch_size=128)
NORMALIZER = Normalizer(scale=(1 / 64,) * 3, shift=(-2.0,) * 3)


def trace() -> Graph:
    return load_plugins().architectures["cnn_basic"].load().trace(SHAPE, 10)


def draw_split() -> FittedSplit:
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (45_000, *SHAPE), dtype=np.uint8)
    labels = random.integers(0, 10, len(images))
    return fit_split(Split(images, labels), np.arange(len(images)), SHAPE)


def matched(session: Session, split: FittedSplit, augmentation: tuple[str, ...] = ()) -> Calls:
    """run(steps), as `benchsuite run` trains."""

    def run(steps: int) -> None:
        recipe = Recipe(
            optimizer=RECIPE.optimizer,
            batch_size=RECIPE.batch_size,
            max_steps=steps,
            augmentation=augmentation,
        )
        train(session, TrainingBatches(split, session.graph, recipe, 0), dict)

    return run
