"""The Python door: one architecture in one backend, ready to use."""

import os
import warnings
from pathlib import Path

from benchsuite.contract import Session, Setup
from benchsuite.graph import Architecture, Graph, Shape
from benchsuite.graph.weights import Weights, check_weights
from benchsuite.hooks import Plugins, load_plugins
from benchsuite.networks import find_network, open_network
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
    """Open an architecture, or a native model such as `torchvision/resnet50`, in a backend.

    input_shape: (H, W, C), by default the network's own.
    weights: a file (`.safetensors`, `.npz`; with benchsuite-torch also `.pth`, `.pt`, `.bin`),
        or arrays by canonical name; by default drawn from `seed`, the same in every backend.
        Of a native model, names and layouts are its library's, and so are the initial weights.
        What should be known of a file, such as a conversion of types, is a UserWarning.

    The session offers `predict((N, H, W, C) float32, normalised) -> (N, classes) logits`,
    `weights()`, `set_weights()`, `native` (the framework's own object) and `graph`.

    Raises UnknownNameError, ShapeError, MissingDependencyError, UnsupportedError, and
    UsageError where the weights or the device do not fit: it names all that is wrong.
    """
    plugins = load_plugins()
    network = find_network(name, plugins)
    setup = Setup(device=device, precision=precision, seed=seed)
    framework = plugins.backends[backend].load()
    if weights is not None and isinstance(network, Architecture):
        graph = network.trace(input_shape, num_classes)
        session: Session = framework().open(graph, _fitting(weights, graph, plugins), setup)
        return session
    session = open_network(network, framework(), setup, input_shape, num_classes)
    if weights is not None:
        session.set_weights(_fitting(weights, session.graph, plugins))
    return session


def _fitting(weights: Weights | str | os.PathLike[str], graph: Graph, plugins: Plugins) -> Weights:
    """Weights that fit the network, from a file or as given; or UsageError."""
    if not isinstance(weights, (str, os.PathLike)):
        check_weights(graph, weights)
        return weights
    fitted = read_weights(Path(weights), graph, plugins.weight_readers)
    for note in fitted.notes:
        warnings.warn(f"'{weights}': {note}", stacklevel=3)
    return fitted.weights
