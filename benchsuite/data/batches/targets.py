"""What a batch's images are to be recognised as: classes, or shares of them.

Smoothing, class weights and mixtures all end in one matrix, so that a backend needs to know
nothing but cross-entropy from shares.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchsuite.data.batches.mixing import Mixture


def class_weights(labels: NDArray[np.int64], classes: int, how: str) -> NDArray[np.float64]:
    """(classes,): 1 each for `none`; for `balanced` N / (classes · n), 0 where n is 0.

    As scikit-learn's `compute_class_weight`.
    """
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
