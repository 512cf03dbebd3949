"""What is done to a network, the same in every backend and in the reference."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from benchsuite.contract import Batch, InspectableSession, Normalizer, UpdateRule
from benchsuite.graph import Graph
from benchsuite.reference.nondegenerate import random_images

#: Twelve steps; the rate drops by ten between two calls, so a velocity must not hold the old.
_RATES = ((1.0,), (1.0,) * 5, (0.1,) * 6)
#: Small enough for every network: where a rate exceeds what the loss's curvature bears, each
#: step multiplies rounding errors, and after twelve nothing is left to compare.
_NETWORK_RATE = 5e-7
#: The small network of the update rules bears more.
_RULES_RATE = 2e-3
#: The smallest batch, and the fewest values of a channel that BatchNorm is given in any: the
#: variance of three values may be next to zero, and then rounding errors are all there is.
_SMALLEST_BATCH, _FEWEST_VALUES = 3, 9
_IMAGES = 3
#: A head so many times as large makes logits that are hundreds apart.
_SHARPNESS = 100.0

#: A momentum and a decay that no framework has by default, large enough to weigh.
RULE = UpdateRule(optimizer="sgd", momentum=0.8, weight_decay=0.05)
NORMALIZER = Normalizer(scale=(1.0 / 60.0,), shift=(-2.0,))

_ADAM = UpdateRule(optimizer="adam", beta1=0.8, beta2=0.95, epsilon=1e-3)
#: Every further update rule, on a small network.
RULES = {
    "sgd, decoupled decay": UpdateRule(momentum=0.8, weight_decay=0.05, decay="decoupled"),
    "sgd, decay of matrices": UpdateRule(momentum=0.8, weight_decay=0.05, decayed="matrices"),
    "adam": _ADAM,
    "adam, coupled decay": structs.replace(_ADAM, weight_decay=0.05),
    "adam, decoupled decay": structs.replace(_ADAM, weight_decay=0.05, decay="decoupled"),
    "rmsprop": UpdateRule(optimizer="rmsprop", momentum=0.5, alpha=0.9, epsilon=1e-2),
    "sgd, nesterov": UpdateRule(momentum=0.8, nesterov=True, weight_decay=0.05),
    "adam, clipped": structs.replace(_ADAM, clip_norm=0.05),
    "sgd, focal loss, averaged": UpdateRule(momentum=0.8, focal_gamma=2.0, ema=0.7),
}


@dataclass(frozen=True, slots=True)
class Observation:
    """One tensor that a network yielded: of which quantity, and called what."""

    quantity: str
    name: str
    array: NDArray[np.floating]


def observe(session: InspectableSession, what: str = "") -> Iterator[Observation]:
    """In evaluation mode: every layer's output and the logits, of several images and of one."""
    images = random_images(session.graph, _IMAGES)
    for name, array in session.activations(images).items():
        yield Observation("layer outputs", f"{what}{name}", array)
    yield Observation("logits", f"{what}{_IMAGES} images", session.predict(images))
    yield Observation("logits", f"{what}1 image", session.predict(images[:1]))


def differentiate(session: InspectableSession) -> Iterator[Observation]:
    """In training mode: the loss, and its gradient by every weight."""
    loss, gradients = session.gradients(batches(session.graph)[0])
    yield Observation("loss", "of one batch", np.asarray(loss))
    for name, array in gradients.items():
        yield Observation("gradients", name, array)


def train(session: InspectableSession) -> Iterator[Observation]:
    """Twelve steps of a whole network."""
    return _train(session, _NETWORK_RATE, "")


def follow_rule(session: InspectableSession, rule: str) -> Iterator[Observation]:
    """Twelve steps by one update rule, on the small network; all of one quantity."""
    for seen in _train(session, _RULES_RATE, f"{rule}: "):
        said = f"{seen.quantity} of {seen.name}"
        yield replace(seen, quantity="update rules", name=said)
    if RULES[rule].ema is not None:
        for name, array in session.averaged_weights().items():
            yield Observation("update rules", f"averages of {rule}: {name}", array)


def _train(session: InspectableSession, rate: float, what: str) -> Iterator[Observation]:
    """Twelve steps through a drop of the rate; statistics after the first, weights at the end."""
    drawn = iter(batches(session.graph))
    for index, shares in enumerate(_RATES):
        rates = [rate * share for share in shares]
        losses = session.train([next(drawn) for _ in rates], rates)
        yield Observation("loss", f"{what}steps, part {index + 1}", losses)
        if index == 0:
            yield from _statistics(session, what)
    for name, array in session.weights().items():
        yield Observation("weights after steps", f"{what}{name}", array)
    logits = session.predict(random_images(session.graph, _IMAGES))
    yield Observation("logits after steps", f"{what}{_IMAGES} images", logits)


def _statistics(session: InspectableSession, what: str) -> Iterator[Observation]:
    buffers = [name for name, weight in session.graph.weights.items() if not weight.trainable]
    if buffers:
        weights = session.weights()
        for name in buffers:
            yield Observation("statistics after a step", f"{what}{name}", weights[name])


def count(session: InspectableSession) -> Iterator[Observation]:
    """Parameters and MACs, as the backend counts them on its own object."""
    counts = session.counts()
    yield Observation("counts", "parameters", np.asarray(counts.parameters, np.float64))
    yield Observation("counts", "MACs", np.asarray(counts.macs, np.float64))


def lose_sharply(session: InspectableSession) -> Iterator[Observation]:
    """The loss where the right class is all but impossible: nothing may be clipped."""
    before = dict(session.weights())
    head = session.graph.nodes[-1]
    names = [head.weight_name(weight) for weight in head.weights]
    session.set_weights({**before, **{name: before[name] * _SHARPNESS for name in names}})
    loss, _ = session.gradients(batches(session.graph)[0])
    session.set_weights(before)
    yield Observation("loss", "of sharp logits", np.asarray(loss))


def batches(graph: Graph) -> list[Batch]:
    """One batch of bytes for each step."""
    generator = np.random.default_rng(5)
    classes, odd = graph.output.shape[0], _odd_batch(graph)
    sizes = [odd if step % 3 == 2 else odd + 1 for step in range(sum(map(len, _RATES)))]  # noqa: PLR2004 - every third
    return [
        Batch(
            generator.integers(0, 256, (size, *graph.input_shape), np.uint8),
            generator.integers(0, classes, size),
        )
        for size in sizes
    ]


def _odd_batch(graph: Graph) -> int:
    """The smaller of the two batch sizes."""
    positions = [math.prod(n.shape[:-1]) for n in graph.nodes if n.op == "batch_norm"]
    needed = math.ceil(_FEWEST_VALUES / min(positions)) if positions else 0
    return max(_SMALLEST_BATCH, needed)
