"""The light parts: an architecture, a data set and a metric."""

import numpy as np
from numpy.typing import NDArray

from benchsuite.contract import Dataset, Metric, Split
from benchsuite.graph import Builder, Node, architecture


@architecture(
    input_shape=(8, 8, 1),
    classes=10,
    paper="Cox 1958, The regression analysis of binary sequences",
)
def softmax_regression(net: Builder, images: Node, classes: int) -> Node:
    """One dense layer on the pixels."""
    return net.dense(net.flatten(images), classes, name="fc")


def make_stripes() -> Dataset:
    """200 noisy images of 8×8×1: horizontal stripes (class 0) or vertical ones (class 1)."""
    generator = np.random.default_rng(0)
    labels = np.arange(200) % 2
    rows = np.where(np.arange(8) % 2 == 0, 200, 50)
    horizontal = np.broadcast_to(rows[:, np.newaxis], (8, 8))
    clean = np.where(labels[:, np.newaxis, np.newaxis] == 0, horizontal, horizontal.T)
    noisy = clean + generator.integers(-40, 41, clean.shape)
    images = noisy[..., np.newaxis].astype(np.uint8)
    return Dataset("stripes", Split(images, labels.astype(np.int64)), ("horizontal", "vertical"))


def _balanced_accuracy(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    right = logits.argmax(axis=1) == labels
    return float(np.mean([right[labels == label].mean() for label in np.unique(labels)]))


BALANCED_ACCURACY = Metric("balanced_accuracy_fraction", "higher", _balanced_accuracy)
