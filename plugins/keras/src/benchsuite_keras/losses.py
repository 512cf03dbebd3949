"""The loss from logits: cross-entropy, or the focal loss; of classes, or of shares of them."""

from typing import Any

from keras import ops

KerasTensor = Any


def mean_loss(labels: KerasTensor, logits: KerasTensor, focal_gamma: float) -> KerasTensor:
    """Labels (N,) or shares (N, classes), logits (N, classes) -> scalar: the mean over N."""
    of_shares = len(labels.shape) > 1
    if not (focal_gamma or of_shares):
        return ops.mean(ops.sparse_categorical_crossentropy(labels, logits, from_logits=True))
    shares = labels if of_shares else ops.one_hot(labels, logits.shape[1], dtype=logits.dtype)
    log_p = ops.log_softmax(logits, axis=1)
    if focal_gamma:
        shares = shares * (1.0 - ops.exp(log_p)) ** focal_gamma
    return -ops.mean(ops.sum(shares * log_p, axis=1))
