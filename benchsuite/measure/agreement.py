"""Gates before any clock: networks that answer differently are not compared for speed."""

from collections.abc import Mapping, Sequence
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from benchsuite.contract import Session
from benchsuite.contract.answers import check_logits

#: Of the largest logit: how far two may be apart in a precision.
TOLERANCES = {"fp64": 1e-3, "fp32": 1e-3, "tf32": 2e-2, "bf16": 2e-2, "fp16": 2e-2}
#: Of the fixed batch on which they are compared.
IMAGES = 8

Logits = NDArray[np.floating]


def fixed_batch(session: Session, seed: int) -> NDArray[np.float32]:
    """N(0, 1) images (8, H, W, C): the same for every backend."""
    generator = np.random.default_rng((seed, IMAGES))
    return generator.standard_normal((IMAGES, *session.graph.input_shape), np.float32)


def depends_on_its_batch(session: Session, images: NDArray[np.float32], logits: Logits) -> bool:
    """Whether an image's logits change with its neighbours, as in training mode they do.

    BatchNorm then uses the batch's own statistics, and dropout draws anew.
    """
    alone = session.predict(images[:1])
    check_logits(alone, 1, logits.shape[1])
    return distance(alone, logits[:1]) > max(TOLERANCES.values())


def distance(first: Logits, second: Logits) -> float:
    """The largest difference, as a share of the largest logit."""
    largest = float(np.abs(second).max(initial=0.0))
    apart = float(np.abs(np.asarray(first, np.float64) - second).max(initial=0.0))
    return apart / largest if largest else apart


def disagreement(first: Logits, second: Logits, tolerance: float) -> str:
    """What keeps two networks' logits from being the same; empty where nothing does.

    The likeliest class can differ no more then but where the second is nearer than twice that.
    """
    # A distance to NaN is NaN, which says nothing of how far.
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        return "logits that are not finite differ"
    apart = distance(first, second)
    if apart <= tolerance:
        return ""
    return f"logits differ by {apart:.1e} of the largest, more than {tolerance:g}"


def refused(logits: Mapping[str, Logits], precisions: Mapping[str, str]) -> dict[str, str]:
    """Of the cases of one timing group, those that disagree with the rest, and in what.

    The rest is more than half of all, that agree among themselves; without it, all who disagree
    with anybody are refused: nobody here can tell who is right.
    """
    names = list(logits)
    # Two precisions can agree no better than the coarser one does with itself.
    tolerances = {name: TOLERANCES[precision] for name, precision in precisions.items()}
    apart: dict[str, dict[str, str]] = {name: {} for name in names}
    for a, b in permutations(names, 2):
        if why := disagreement(logits[a], logits[b], max(tolerances[a], tolerances[b])):
            apart[a][b] = f"{why} from {b}"
    friends = {name: set(names) - apart[name].keys() for name in names}
    trusted = next((friends[a] for a in names if _is_majority(friends, a, names)), set[str]())
    return {
        name: next(iter(others.values()))
        for name, others in apart.items()
        if others and name not in trusted
    }


def _is_majority(friends: Mapping[str, set[str]], name: str, names: Sequence[str]) -> bool:
    mine = friends[name]
    return 2 * len(mine) > len(names) and all(mine <= friends[other] for other in mine)
