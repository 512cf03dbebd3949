"""Canonical weights: drawn by the core, injected into every backend."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchsuite.errors import UsageError
from benchsuite.graph.node import Graph

#: Canonical name -> array in PyTorch's layout.
Weights = Mapping[str, NDArray[np.floating]]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a file of weights holds, as the reader of its format found it.

    arrays: under the file's own names, in its own types; bfloat16, which NumPy lacks, as float32.
    metadata: what the file says of itself.
    notes: what the reader had to change, one line each, such as a conversion of types.
    """

    arrays: Mapping[str, NDArray[Any]]
    metadata: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def draw_weights(graph: Graph, seed: int) -> dict[str, NDArray[np.floating]]:
    """Draw every weight from (seed, canonical name), by the graph's initialisers, in float32.

    A weight's values depend on nothing else: not on the other weights, nor on their order.
    """
    return {
        name: weight.initializer.draw(_generator(seed, name), weight.shape)
        for name, weight in graph.weights.items()
    }


def digest_weights(weights: Weights) -> str:
    """sha256 over names, shapes, types and bytes, in order of name."""
    digest = hashlib.sha256()
    for name in sorted(weights):
        array = np.ascontiguousarray(weights[name])
        digest.update(f"{name}:{array.dtype.str}:{array.shape};".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def check_weights(graph: Graph, weights: Weights) -> None:
    """Raise UsageError, naming everything that is wrong, unless `weights` fits `graph`."""
    missing = [name for name in graph.weights if name not in weights]
    extra = [name for name in weights if name not in graph.weights]
    problems = [
        f"{problem}: {', '.join(names)}"
        for problem, names in (("missing", missing), ("not in the network", extra))
        if names
    ]
    for name, weight in graph.weights.items():
        if name in weights:
            array = weights[name]
            if array.shape != weight.shape:
                problems.append(f"{name}: expected {weight.shape}, got {array.shape}")
            if array.dtype.kind != "f":
                problems.append(f"{name}: expected floating-point numbers, got {array.dtype}")
    if problems:
        raise UsageError(f"these weights do not fit {graph.name}: {'; '.join(problems)}")


def _generator(seed: int, name: str) -> np.random.Generator:
    # By the name's sha256: Python's own `hash` of a text differs from process to process.
    words = np.frombuffer(hashlib.sha256(name.encode()).digest(), dtype=np.uint32)
    return np.random.default_rng([seed, *map(int, words)])
