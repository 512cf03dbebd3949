"""Whether a timed loop of forward passes answered, and answered what `predict` does."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from time import perf_counter_ns
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchsuite.contract import Batch, Session
from benchsuite.errors import BenchsuiteError
from benchsuite.measure.proofs.compare import bound_of, error_of, proof, to_host
from benchsuite.records import Proof
from benchsuite.records.series import Series

Infer = Callable[[Any], Any]

#: Of a batch, one row in so many is also predicted alone, two at the most; the last always.
_ALONE = 8
#: Fresh inputs that take so many times as long as those seen before, each time of so many.
CACHED, CACHE_TRIES = 2.0, 5


@dataclass
class InferenceWitness:
    """Looks at a timed loop once its clock has stopped, before the loop is left.

    batches, placed: the loop's pool, on the host and on the device.
    """

    session: Session
    batches: Sequence[Batch]
    placed: Sequence[Any]
    cache_ratio: float = 0.0
    _seen: list[tuple[NDArray[np.float32], NDArray[np.float64]]] = field(default_factory=list)

    def __call__(self, infer: Infer, answer: Any, index: int, series: Series) -> None:  # noqa: ANN401 - a tensor
        """infer: what was timed. answer: of its last timed call, of the pool's member `index`."""
        self._note(self.batches[index].images, answer)
        usual_ns = max(1.0, sum(series.samples) / (series.calls * len(series.samples)))
        chosen, *others = np.random.default_rng().integers(len(self.batches), size=CACHE_TRIES)
        self.cache_ratio = self._fresh(infer, chosen) / usual_ns
        for place in others:  # disturbances only ever add
            if self.cache_ratio <= CACHED:
                break
            fresh = self._fresh(infer, place)
            self.cache_ratio = min(self.cache_ratio, fresh / max(1, self._seen_ns(infer, place)))

    def _fresh(self, infer: Infer, place: int) -> int:
        """Nanoseconds of an input that nobody has seen; no backend can know of which it is made."""
        images = np.ascontiguousarray(-self.batches[place].images[::-1, :, ::-1])
        placed = self.session.place(Batch(images, self.batches[place].labels))
        return self._timed(infer, placed, images)

    def _seen_ns(self, infer: Infer, place: int) -> int:
        """Of one seen before; after a placement too, which cools the processor's caches."""
        known = self.batches[place]
        self.session.place(known)
        return self._timed(infer, self.placed[place], known.images)

    def _timed(self, infer: Infer, placed: Any, images: NDArray[np.float32]) -> int:  # noqa: ANN401 - opaque to the core
        self.session.synchronize()
        start = perf_counter_ns()
        answer = infer(placed)
        self.session.synchronize()
        taken = perf_counter_ns() - start
        self._note(images, answer)
        return taken

    def _note(self, images: NDArray[np.float32], answer: Any) -> None:  # noqa: ANN401 - a tensor
        try:
            found = to_host(answer)
        except BenchsuiteError:
            found = np.zeros(0)  # no logits
        self._seen.append((images, found))

    def proofs(self, metric: str, precision: str) -> Iterator[Proof]:
        """What the loop has proven; takes calls of `predict`."""
        size = len(self.batches[0].images)
        about: dict[str, Any] = {"metrics": (metric,), "batch_size": size}
        bound = bound_of(precision)
        told = (
            f"{len(self._seen)} answers of the timed loop, all rows, as predict() has them",
            "the timed loop did not answer what predict() does",
        )
        yield proof("timed logits", self._error(), bound, told, **about)
        if size > 1:
            told = (
                "rows of a timed batch are as each image is alone",
                "rows of a timed batch are not what each image gives alone",
            )
            yield proof("rows of a timed batch", self._error_alone(), bound, told, **about)
        told = (
            "fresh inputs take as long as those seen before",
            "inputs seen before were answered without being computed",
        )
        about["rounds"] = False
        yield proof("no cache within the loop", self.cache_ratio, CACHED, told, **about)

    def _error(self) -> float:
        """Of all rows of every answer, against batches of the same size."""
        images, answers = (list(each) for each in zip(*self._seen, strict=True))
        size, classes = len(images[0]), self.session.graph.output.shape[0]
        if any(answer.shape != (size, classes) for answer in answers):
            return math.inf
        if size == 1:
            pairs = zip(images, answers, strict=True)
            return max(error_of(answer, self.session.predict(each)) for each, answer in pairs)
        turns = np.random.default_rng().permutation(size) % len(images)
        mixed = np.stack([images[turn][row] for row, turn in enumerate(turns)])
        found = np.stack([answers[turn][row] for row, turn in enumerate(turns)])
        return error_of(found, self.session.predict(mixed))

    def _error_alone(self) -> float:
        images, answer = self._seen[-1]
        if answer.shape != (len(images), self.session.graph.output.shape[0]):
            return math.inf
        drawn = np.random.default_rng().integers(len(images), size=int(len(images) > _ALONE))
        rows = sorted({len(images) - 1, *drawn.tolist()})
        alone = [self.session.predict(images[row : row + 1])[0] for row in rows]
        return error_of(answer[rows], np.stack(alone))
