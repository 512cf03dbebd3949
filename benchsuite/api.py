"""The Python door: one architecture in one backend, ready to use."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

from benchsuite.contract import Session, Setup
from benchsuite.graph import Shape
from benchsuite.graph.weights import Weights, check_weights, draw_weights
from benchsuite.hooks import load_plugins
from benchsuite.weights import read_weights


def load(
    name: str,
    *,
    backend: str,
    input_shape: Shape | None = None,
    num_classes: int | None = None,
    seed: int = 0,
    device: str = "cpu",
    precision: str = "fp32",
    weights: Weights | str | os.PathLike[str] | None = None,
) -> Session:
    """Open an architecture in a backend.

    input_shape: (H, W, C), by default the network's own.
    weights: a file (`.safetensors`, `.npz`; with benchsuite-torch also `.pth`, `.pt`, `.bin`),
        or arrays by canonical name; by default drawn from `seed`, the same in every backend.
        What should be known of a file, such as a conversion of types, is a UserWarning.

    The session offers `predict((N, H, W, C) float32, normalised) -> (N, classes) logits`,
    `weights()`, `set_weights()`, `native` (the framework's own object) and `graph`.

    Raises UnknownNameError, ShapeError, MissingDependencyError, UnsupportedError, and
    UsageError where the weights or the device do not fit: it names all that is wrong.
    """
    plugins = load_plugins()
    architecture = plugins.architectures[name].load()
    graph = architecture.trace(input_shape, num_classes)
    chosen: Weights
    if weights is None:
        chosen = draw_weights(graph, seed)
    elif isinstance(weights, (str, os.PathLike)):
        fitted = read_weights(Path(weights), graph, plugins.weight_readers)
        for note in fitted.notes:
            warnings.warn(f"'{weights}': {note}", stacklevel=2)
        chosen = fitted.weights
    else:
        check_weights(graph, weights)
        chosen = weights
    framework = plugins.backends[backend].load()()
    session: Session = framework.open(
        graph, chosen, Setup(device=device, precision=precision, seed=seed)
    )
    return session
