"""The loss from logits: cross-entropy, or the focal loss; of classes, or of shares of them."""

from typing import Any

from torch.nn.functional import cross_entropy, log_softmax, one_hot


def mean_loss(logits: Any, labels: Any, focal_gamma: float) -> Any:  # noqa: ANN401 - tensors
    """Logits (N, classes), labels (N,) or shares (N, classes) -> scalar: the mean over N."""
    of_shares = labels.is_floating_point()
    if not focal_gamma:
        return cross_entropy(logits, labels.to(logits.dtype) if of_shares else labels)
    shares = labels if of_shares else one_hot(labels, logits.shape[1])
    log_p = log_softmax(logits, dim=1)
    return -(shares * (1.0 - log_p.exp()) ** focal_gamma * log_p).sum(dim=1).mean()
