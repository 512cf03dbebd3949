"""Weights out of the core: into a safetensors file, or through a backend."""

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchsuite import __version__
from benchsuite.contract import Setup
from benchsuite.errors import BenchsuiteError, UsageError
from benchsuite.graph import Graph
from benchsuite.graph.weights import Weights, check_weights
from benchsuite.hooks import Entry
from benchsuite.records.writing import write_atomically

SUFFIX = ".safetensors"


def write_weights(path: Path, graph: Graph, weights: Weights, origin: Mapping[str, str]) -> None:
    """Write weights with what they are for: architecture, fingerprint, benchsuite's version.

    origin: where they came from, such as {"seed": "0"} or {"source": "resnet50.pth"}.

    The file appears, or replaces an older one, only once it is whole. Raises UsageError for
    weights that do not fit, another suffix, and a path that cannot be written.
    """
    from safetensors.numpy import save

    if path.suffix.lower() != SUFFIX:
        raise UsageError(f"'{path}': weights are written as safetensors; end the name in {SUFFIX}")
    check_weights(graph, weights)
    data = save(
        {name: np.ascontiguousarray(weights[name]) for name in graph.weights},
        {
            "architecture": graph.name,
            "fingerprint": graph.fingerprint,
            "benchsuite_version": __version__,
            **origin,
        },
    )
    try:
        write_atomically(path, data)
    except OSError as error:
        raise UsageError(f"'{path}' cannot be written: {error.strerror}") from error


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
