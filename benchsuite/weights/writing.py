"""Weights as a safetensors file, under their canonical names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np

from benchsuite import __version__
from benchsuite.errors import UsageError
from benchsuite.graph import Graph
from benchsuite.graph.weights import Weights, check_weights

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
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        partial.write_bytes(data)
        partial.replace(path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        raise UsageError(f"'{path}' cannot be written: {error.strerror}") from error
