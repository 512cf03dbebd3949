"""Whether predictions are of the images alone: not of their batch, their order or their labels."""

from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from benchsuite.contract import Normalizer, Session
from benchsuite.data import FittedSplit, normalize
from benchsuite.measure.proofs.compare import bound_of, error_of, proof
from benchsuite.records import Proof
from benchsuite.training.evaluation import EVALUATION_BATCH_SIZE, predict_split

#: Images that are predicted again, as they are and with other last bits: one batch together.
_IMAGES = EVALUATION_BATCH_SIZE // 2
#: The share of images that may be recognised no more once their last bits are others; a network
#: loses none or few, a list of known images all.
_LOST, _FEWEST_LOST = 0.25, 2
#: The share of images that may follow a copy's wrong labels.
_FOLLOWED = 0.25


@dataclass(frozen=True)
class EvaluationWitness:
    """Predicts a few images of a split once more, in ways that a backend cannot foresee.

    logits: of the whole split, (N, classes), as they were judged.
    sizes_s: seconds within which further sizes of batches are begun, the first at once; negative
        where none is to be tried, since it would be compiled.
    """

    session: Session
    split: FittedSplit
    normalizer: Normalizer
    logits: NDArray[np.float64]
    precision: str
    sizes_s: float

    def proofs(self) -> Iterator[Proof]:
        """From one batch of the usual size, and from one of each further size."""
        draw = np.random.default_rng()  # no backend can know which
        count = len(self.split.labels)
        chosen = draw.permutation(count)[:_IMAGES]
        images, labels = self.split.images[chosen], self.split.labels[chosen]
        classes = self.logits.shape[1]
        wrong = (labels + draw.integers(1, max(2, classes), len(labels))) % classes
        changed = images ^ draw.integers(0, 2, images.shape, np.uint8)
        copy = _Relabelled(np.concatenate([images, changed]), np.concatenate([wrong, wrong]))
        again = predict_split(self.session, copy, self.normalizer).astype(np.float64)
        expected = self.logits[chosen]
        yield _of_order(error_of(again[: len(chosen)], expected), self.precision)
        if classes > 1:
            yield _of_labels(again[: len(chosen)], expected, wrong)
        yield _of_known_images(again[len(chosen) :], expected, labels)
        yield from self._of_sizes(images, expected)

    def _of_sizes(
        self, images: NDArray[np.uint8], expected: NDArray[np.float64]
    ) -> Iterator[Proof]:
        last = len(self.split.labels) % EVALUATION_BATCH_SIZE or _IMAGES - 1
        sizes = {min(size, len(images)) for size in (1, 3, last)}
        tried: list[int] = []
        worst, ended = 0.0, perf_counter() + self.sizes_s
        for size in np.random.default_rng().permutation(sorted(sizes)).tolist():
            if self.sizes_s < 0 or (tried and perf_counter() > ended):
                break
            found = self.session.predict(normalize(images[:size], self.normalizer))
            worst = max(worst, error_of(found, expected[:size]))
            tried.append(size)
        if tried:
            said = ", ".join(map(str, sorted(tried)))
            told = (
                f"predictions in batches of {said} are as in batches of {EVALUATION_BATCH_SIZE}",
                "predictions depend on the size of the batch",
            )
            yield proof("batch size", worst, bound_of(self.precision), told, part="evaluation")


@dataclass(frozen=True)
class _Relabelled:
    """A copy of a part of a split, with labels that are all wrong."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]


def _of_order(error: float, precision: str) -> Proof:
    told = (
        "predictions are the same in another order and with other neighbours",
        "predictions depend on the images' order, their neighbours or what was predicted before",
    )
    return proof("order", error, bound_of(precision), told, part="evaluation")


def _of_labels(
    found: NDArray[np.float64], expected: NDArray[np.float64], wrong: NDArray[np.int64]
) -> Proof:
    """Of images whose likeliest class was another before."""
    follows = (found.argmax(axis=1) == wrong) & (expected.argmax(axis=1) != wrong)
    told = (
        "predictions do not follow the labels of a relabelled copy",
        "predictions follow the labels of a relabelled copy: the backend has seen labels",
    )
    share = float(follows.mean())
    return proof("labels", share, _FOLLOWED, told, part="evaluation", rounds=False)


def _of_known_images(
    found: NDArray[np.float64], expected: NDArray[np.float64], labels: NDArray[np.int64]
) -> Proof:
    """Whether images are still recognised that nobody has seen, but for their last bits."""
    before, after = (np.mean(each.argmax(axis=1) == labels) for each in (expected, found))
    told = (
        "images are recognised as well when their last bits are others",
        (
            f"of test images {before:.0%} are recognised, and {after:.0%} once their last bits "
            "are others: the backend knows the images, and not what they show"
        ),
    )
    bound = max(_LOST, _FEWEST_LOST / len(labels))
    return proof(
        "known images", float(before - after), bound, told, part="evaluation", rounds=False
    )
