"""Weights through a backend: into a session, and out of it again."""

from __future__ import annotations

import os

import numpy as np
from numpy.typing import NDArray

from benchsuite.contract import Setup
from benchsuite.errors import BenchsuiteError
from benchsuite.graph import Graph
from benchsuite.graph.weights import Weights
from benchsuite.hooks import Entry


def pass_through(backend: Entry, graph: Graph, weights: Weights) -> Weights:
    """Give the weights to a session of this backend, on the CPU, and take them out again.

    The session opens with zeros, so that what comes out went in through `set_weights`. The
    backend's environment becomes this process's, which should have used no other framework.

    Raises BenchsuiteError, naming them, where weights do not come back bit for bit.
    """
    os.environ.update(backend.target.environment)
    zeros = {name: np.zeros(weight.shape, np.float32) for name, weight in graph.weights.items()}
    session = backend.load()().open(graph, zeros, Setup())
    try:
        session.set_weights(weights)
        returned: Weights = session.weights()
    finally:
        session.close()
    changed = [name for name in weights if not _same_bits(weights[name], returned[name])]
    if changed:
        raise BenchsuiteError(f"{backend.name} does not give back as set: {', '.join(changed)}")
    return returned


def _same_bits(one: NDArray[np.floating], other: NDArray[np.floating]) -> bool:
    return (one.dtype, one.shape) == (other.dtype, other.shape) and one.tobytes() == other.tobytes()
