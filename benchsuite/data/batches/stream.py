"""Batches: made by the core, in an order that depends on (seed, epoch) alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from queue import Queue
from threading import Event, Thread
from time import perf_counter
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from benchsuite.contract import Batch, Normalizer, Recipe
from benchsuite.data.batches.augment import augment
from benchsuite.data.batches.fitted import FittedSplit
from benchsuite.data.batches.mixing import class_weights, targets
from benchsuite.errors import UsageError
from benchsuite.graph import Graph
from benchsuite.graph.masks import draw_masks

T = TypeVar("T")

#: Keeps the streams of random numbers of splits, orders, images and masks apart.
_ORDER_STREAM, _AUGMENTATION_STREAM, _MASK_STREAM = 2, 3, 4
#: Examples from which a normaliser is made.
_NORMALIZED_BY = 4096
#: Batches that are made ahead of the one in use.
_AHEAD = 4


def epoch_order(size: int, seed: int, epoch: int) -> NDArray[np.int64]:
    """A full permutation of the training split, (size,)."""
    return np.random.default_rng([seed, _ORDER_STREAM, epoch]).permutation(size)


@dataclass(frozen=True)
class TrainingBatches:
    """The batches of each epoch; the incomplete last one is left out.

    Shapes stay fixed, as compiled training steps need; every example is seen over the epochs,
    since each has its own order. Images, targets and masks depend on (seed, epoch) alone.
    Raises UsageError for a batch larger than the split.
    """

    split: FittedSplit
    graph: Graph
    recipe: Recipe
    seed: int

    def __post_init__(self) -> None:
        if self.steps == 0:
            raise UsageError(
                f"a batch of {self.recipe.batch_size} is larger than the training split, which "
                f"has {len(self.split.labels)} images: choose a smaller --batch-size"
            )

    @property
    def steps(self) -> int:
        """Of one epoch."""
        return len(self.split.labels) // self.recipe.batch_size

    def of(self, epoch: int) -> Iterator[Batch]:
        """One epoch's batches, in its order: uint8 images."""
        order = epoch_order(len(self.split.labels), self.seed, epoch)
        of_images = np.random.default_rng([self.seed, _AUGMENTATION_STREAM, epoch])
        of_masks = np.random.default_rng([self.seed, _MASK_STREAM, epoch])
        size = self.recipe.batch_size
        for start in range(0, self.steps * size, size):
            index = order[start : start + size]
            images, mixture = augment(self.split.images[index], self.recipe.augmentation, of_images)
            labels = targets(
                self.split.labels[index], self._weights, self.recipe.label_smoothing, mixture
            )
            drawn = self.recipe.dropout == "drawn"
            yield Batch(images, labels, draw_masks(self.graph, size, of_masks) if drawn else {})

    @cached_property
    def _weights(self) -> NDArray[np.float64]:
        classes = self.graph.output.shape[0]
        return class_weights(self.split.labels, classes, self.recipe.class_weights)


def fit_normalizer(split: FittedSplit) -> Normalizer:
    """Gives each channel of this split mean zero and variance one."""
    # At equal distances: a source may be ordered by class.
    count = min(len(split.images), _NORMALIZED_BY)
    images = split.images[np.linspace(0, len(split.images) - 1, count).astype(np.int64)]
    pixels = images.reshape(-1, images.shape[3])
    mean = pixels.mean(axis=0, dtype=np.float64)
    # At least one step of a byte: a channel that is constant cannot be divided by its own zero.
    std = np.maximum(pixels.std(axis=0, dtype=np.float64), 1.0)
    return Normalizer(tuple((1.0 / std).tolist()), tuple((-mean / std).tolist()))


def normalize(images: NDArray[np.uint8], normalizer: Normalizer) -> NDArray[np.float32]:
    """Apply a normaliser on the host: (N, H, W, C) uint8 -> float32."""
    scale = np.asarray(normalizer.scale, np.float32)
    shift = np.asarray(normalizer.shift, np.float32)
    return images.astype(np.float32) * scale + shift


class Prefetched(Generic[T]):
    """Iterates over what a thread makes ahead; `waited_s` is how long its user had to wait.

    An error of the thread's is raised where its item would have come. To be closed: the thread
    may have made items that nobody takes.
    """

    def __init__(self, items: Iterator[T]) -> None:
        self.waited_s = 0.0
        self._queue: Queue[tuple[T, None] | tuple[None, BaseException | None]] = Queue(_AHEAD)
        self._stopped = Event()
        # A daemon: a process that fails elsewhere ends without it.
        self._thread = Thread(target=self._make, args=(items,), daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[T]:
        while True:
            start = perf_counter()
            item, error = self._queue.get()
            self.waited_s += perf_counter() - start
            if item is None:
                if error is not None:
                    raise error
                return
            yield item

    def close(self) -> None:
        """End the thread."""
        self._stopped.set()
        while self._thread.is_alive():
            # The thread may be waiting for room in the queue, and sees the event only behind that.
            while not self._queue.empty():
                self._queue.get_nowait()
            self._thread.join(0.01)

    def _make(self, items: Iterator[T]) -> None:
        error: BaseException | None = None
        try:
            for item in items:
                self._queue.put((item, None))
                if self._stopped.is_set():
                    return
        except BaseException as caught:  # noqa: BLE001 - raised again in the other thread
            error = caught
        self._queue.put((None, error))
