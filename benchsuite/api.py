"""The Python door: one architecture in one backend, ready to use."""

from __future__ import annotations

from benchsuite.contract import Session, Setup
from benchsuite.graph import Shape
from benchsuite.graph.weights import Weights, check_weights, draw_weights
from benchsuite.hooks import load_plugins


def load(
    name: str,
    *,
    backend: str,
    input_shape: Shape | None = None,
    num_classes: int | None = None,
    seed: int = 0,
    device: str = "cpu",
    precision: str = "fp32",
    weights: Weights | None = None,
) -> Session:
    """Open an architecture in a backend.

    input_shape: (H, W, C), by default the network's own.
    weights: by canonical name; by default drawn from `seed`, the same in every backend.

    The session offers `predict((N, H, W, C) float32, normalised) -> (N, classes) logits`,
    `weights()`, `set_weights()`, `native` (the framework's own object) and `graph`.

    Raises UnknownNameError, ShapeError, MissingDependencyError, UnsupportedError, and
    UsageError where the weights or the device do not fit.
    """
    plugins = load_plugins()
    architecture = plugins.architectures[name].load()
    graph = architecture.trace(input_shape, num_classes)
    chosen = draw_weights(graph, seed) if weights is None else weights
    check_weights(graph, chosen)
    framework = plugins.backends[backend].load()()
    session: Session = framework.open(
        graph, chosen, Setup(device=device, precision=precision, seed=seed)
    )
    return session
