"""What is done to a network, the same in every backend and in the reference."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from benchsuite.contract import (
    Batch,
    IdiomaticSession,
    InspectableSession,
    Normalizer,
    Recipe,
    UpdateRule,
)
from benchsuite.graph import Graph
from benchsuite.graph.masks import draw_masks
from benchsuite.records.certificate import FIT_QUANTITY
from benchsuite.reference.nondegenerate import random_images

#: Twelve steps; the rate drops by ten between two calls, so a velocity must not hold the old.
_RATES = ((1.0,), (1.0,) * 5, (0.1,) * 6)
#: Small enough for every network: where a rate exceeds what the loss's curvature bears, each
#: step multiplies rounding errors, and after twelve nothing is left to compare.
_NETWORK_RATE = 5e-7
#: The small network of the update rules bears more. Forty steps, whose rates vary within a call.
_RULES_RATE = 2e-3
_RULES_SHARES = tuple(tuple(part) for part in np.split(np.linspace(1.0, 0.1, 40), (1, 16)))
_RULES_BATCH = 64
#: The smallest batch, and the fewest values of a channel that BatchNorm is given in any: the
#: variance of three values may be next to zero, and then rounding errors are all there is.
_SMALLEST_BATCH, _FEWEST_VALUES = 3, 9
_IMAGES = 3
#: A head so many times as large makes logits that are hundreds apart.
_SHARPNESS = 100.0

#: The quantity of a certificate's checks of update rules, before the rule's name.
RULE_QUANTITY = "update rule"
#: A momentum and a decay that no framework has by default, large enough to weigh.
RULE = UpdateRule(optimizer="sgd", momentum=0.8, weight_decay=0.05)
NORMALIZER = Normalizer(scale=(1.0 / 60.0,), shift=(-2.0,))
#: Of powers of two, so that a pipeline in float32 gives exactly the same images.
FIT_NORMALIZER = Normalizer(scale=(1 / 64, 1 / 32, 1 / 128), shift=(-2.0, -3.0, -0.75))
#: One that swaps no channels unnoticed.
RULES_NORMALIZER = Normalizer(scale=(1 / 60, 1 / 50, 1 / 70), shift=(-2.0, -2.5, -1.5))

#: What the idiomatic division is asked for: the one update that every framework calls the same.
#: Rate and momentum are exact in float32, in which Keras keeps them.
FIT_RECIPE = Recipe(optimizer="sgd", lr=1 / 64, momentum=0.75, batch_size=32)
_FIT_EPOCHS = 3

_ADAM = UpdateRule(optimizer="adam", beta1=0.8, beta2=0.95, epsilon=1e-3)
#: Every update rule, on a small network.
RULES = {
    "sgd": RULE,
    "sgd, micro-batches": UpdateRule(momentum=0.8, weight_decay=0.05, micro_batches=4),
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


def follow_rule(session: InspectableSession, rule: str) -> Iterator[Observation]:
    """Forty steps by one update rule, on the small network; all of one quantity.

    Of weights, how far they have moved is compared: it is small beside the weights themselves.
    """
    quantity, before, drawn = rule_quantity(rule), session.weights(), iter(_rule_batches(session))
    for part, shares in enumerate(_RULES_SHARES, 1):
        rates = [_RULES_RATE * share for share in shares]
        losses = session.train([next(drawn) for _ in rates], rates)
        yield Observation(quantity, f"losses of part {part}", losses)
    after = session.weights()
    for name, array in after.items():
        yield Observation(quantity, f"movement of {name}", _moved(before[name], array))
    if RULES[rule].ema is not None:
        for name, array in session.averaged_weights().items():
            yield Observation(quantity, f"average of {name}", _moved(before[name], array))


def fit(session: IdiomaticSession | InspectableSession) -> Iterator[Observation]:
    """Three epochs of one batch: no order of a framework's own makes them differ.

    The reference, which has no idiomatic division, takes the same steps one by one.
    """
    graph, generator, before = session.graph, np.random.default_rng(7), session.weights()
    images = generator.integers(0, 256, (FIT_RECIPE.batch_size, *graph.input_shape), np.uint8)
    labels = generator.integers(0, graph.output.shape[0], FIT_RECIPE.batch_size)
    for _ in range(_FIT_EPOCHS):
        if isinstance(session, IdiomaticSession):
            session.fit(images, labels)
        else:
            session.train([Batch(images, labels)], [FIT_RECIPE.lr])
    for name, array in session.weights().items():
        yield Observation(FIT_QUANTITY, f"movement of {name}", _moved(before[name], array))


def rule_quantity(rule: str) -> str:
    """What a certificate calls the check of an update rule."""
    return f"{RULE_QUANTITY}: {rule}"


def _moved(before: NDArray[np.floating], after: NDArray[np.floating]) -> NDArray[np.floating]:
    return after.astype(np.float64) - before.astype(np.float64)


def _rule_batches(session: InspectableSession) -> Iterator[Batch]:
    """Bytes; every other part has shares of classes as labels; the masks of every dropout."""
    graph, generator = session.graph, np.random.default_rng(6)
    classes, size = graph.output.shape[0], _RULES_BATCH
    for part, shares in enumerate(_RULES_SHARES):
        for _ in shares:
            soft = generator.dirichlet(np.ones(classes), size).astype(np.float32)
            hard = generator.integers(0, classes, size)
            images = generator.integers(0, 256, (size, *graph.input_shape), np.uint8)
            yield Batch(images, soft if part % 2 else hard, draw_masks(graph, size, generator))


def train(session: InspectableSession) -> Iterator[Observation]:
    """Twelve steps of a whole network through a drop of the rate.

    Statistics are compared after the first, weights and logits at the end.
    """
    drawn = iter(batches(session.graph))
    for index, shares in enumerate(_RATES):
        rates = [_NETWORK_RATE * share for share in shares]
        losses = session.train([next(drawn) for _ in rates], rates)
        yield Observation("loss", f"steps, part {index + 1}", losses)
        if index == 0:
            yield from _statistics(session)
    for name, array in session.weights().items():
        yield Observation("weights after steps", name, array)
    logits = session.predict(random_images(session.graph, _IMAGES))
    yield Observation("logits after steps", f"{_IMAGES} images", logits)


def _statistics(session: InspectableSession) -> Iterator[Observation]:
    buffers = [name for name, weight in session.graph.weights.items() if not weight.trainable]
    if buffers:
        weights = session.weights()
        for name in buffers:
            yield Observation("statistics after a step", name, weights[name])


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
