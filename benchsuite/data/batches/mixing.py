"""Images made of two, and what a batch's images are to be recognised as: classes, or shares.

Smoothing, class weights and mixtures all end in one matrix, so that a backend needs to know
nothing but cross-entropy from shares.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8]

#: Parameters of the Beta distributions: Zhang et al. 2018, section 3.2 (ImageNet), and Yun et al.
#: 2019, section 3.1.
_MIXUP_ALPHA, _CUTMIX_ALPHA = 0.2, 1.0


@dataclass(frozen=True, slots=True)
class Mixture:
    """Of each image of a batch, the one that it was mixed with, and its own share: (N,) each."""

    partners: NDArray[np.int64]
    kept: NDArray[np.float64]


def mixup(images: Images, generator: np.random.Generator) -> tuple[Images, Mixture]:
    """Blend each image with another of the batch (Zhang et al. 2018, arXiv:1710.09412)."""
    count = len(images)
    partners = generator.permutation(count)
    kept = generator.beta(_MIXUP_ALPHA, _MIXUP_ALPHA, count)
    share = kept.astype(np.float32)[:, np.newaxis, np.newaxis, np.newaxis]
    blended = images * share + images[partners] * (1 - share)
    return np.rint(blended).astype(np.uint8), Mixture(partners, kept)


def cutmix(images: Images, generator: np.random.Generator) -> tuple[Images, Mixture]:
    """Paste a rectangle of another image into each (Yun et al. 2019, arXiv:1905.04899)."""
    count, height, width, _ = images.shape
    partners = generator.permutation(count)
    side = np.sqrt(1 - generator.beta(_CUTMIX_ALPHA, _CUTMIX_ALPHA, count))
    rows, columns = (generator.integers(0, extent, (count,)) for extent in (height, width))
    top, bottom = _interval(rows, side * height, height)
    left, right = _interval(columns, side * width, width)
    pasted: Images = images.copy()
    for index, partner in enumerate(partners):
        where = slice(top[index], bottom[index]), slice(left[index], right[index])
        pasted[index][where] = images[partner][where]
    area = (bottom - top) * (right - left)
    return pasted, Mixture(partners, 1 - area / (height * width))


def _interval(
    centre: NDArray[np.int64], length: NDArray[np.float64], end: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Of that length about a centre, cut off at the image's edges."""
    half = np.floor(length / 2).astype(np.int64)
    return np.clip(centre - half, 0, end), np.clip(centre + half, 0, end)


#: Of a batch's images alone, as the other augmentations; the mixture says what they now count as.
MIXERS: Mapping[str, Callable[[Images, np.random.Generator], tuple[Images, Mixture]]] = {
    function.__name__: function for function in (mixup, cutmix)
}


def class_weights(labels: NDArray[np.int64], classes: int, how: str) -> NDArray[np.float64]:
    """(classes,): 1 for `none`; N / (classes · n), or 0, for `balanced`, as scikit-learn has it."""
    if how == "none":
        return np.ones(classes)
    counts = np.bincount(labels, minlength=classes)
    return np.divide(len(labels), classes * counts, out=np.zeros(classes), where=counts > 0)


def targets(
    labels: NDArray[np.int64],
    weights: NDArray[np.float64],
    smoothing: float,
    mixture: Mixture | None = None,
) -> NDArray[Any]:
    """Labels (N,) as they are, or as shares (N, classes) float32 where that says something else.

    Smoothed and weighted as PyTorch's `cross_entropy` does: divided by the mean weight of the
    images' classes, so that a mean over images is the weighted mean.
    """
    if not smoothing and mixture is None and bool((weights == 1).all()):
        return labels
    shares = np.eye(len(weights))[labels]
    if mixture is not None:
        kept = mixture.kept[:, np.newaxis]
        shares = kept * shares + (1 - kept) * shares[mixture.partners]
    smoothed = (1 - smoothing) * shares + smoothing / len(weights)
    mean_weight = (shares @ weights).mean() or 1.0
    return (smoothed * weights / mean_weight).astype(np.float32)
