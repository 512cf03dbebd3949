"""The networks that can be opened: architectures, and models that a library wrote."""

from collections.abc import Iterable, Sequence

from benchsuite.contract import (
    Backend,
    IdiomaticBackend,
    IdiomaticSession,
    NativeBackend,
    NativeModel,
    Recipe,
    Session,
    Setup,
)
from benchsuite.errors import UnsupportedError
from benchsuite.graph import Architecture, Graph, Shape
from benchsuite.graph.weights import draw_weights
from benchsuite.hooks import LIBRARY_MARK, Entry, Plugins

Network = Architecture | NativeModel


def choose_networks(patterns: Sequence[str], plugins: Plugins) -> list[Network]:
    """Architectures, and native models where a pattern has a `/`; `all` is of the former.

    Raises UnknownNameError, and MissingDependencyError where a native model's library is
    needed and not installed.
    """
    native = [pattern for pattern in patterns if LIBRARY_MARK in pattern]
    drawn = [pattern for pattern in patterns if LIBRARY_MARK not in pattern]
    chosen = [
        *plugins.architectures.select(drawn),
        *_installed(plugins.native_models.select(native), native),
    ]
    return [entry.load() for entry in chosen]


def _installed(entries: Iterable[Entry], patterns: Sequence[str]) -> list[Entry]:
    """Patterns leave out what is not installed, unless nothing would be left."""
    found = list(entries)
    installed = [entry for entry in found if not entry.target.missing()]
    return [e for e in found if e in installed or e.name in patterns or not installed]


def find_network(name: str, plugins: Plugins) -> Network:
    """The network of that name. Raises UnknownNameError and MissingDependencyError."""
    registry = plugins.native_models if LIBRARY_MARK in name else plugins.architectures
    network: Network = registry[name].load()
    return network


def open_network(
    network: Network,
    backend: Backend,
    setup: Setup,
    input_shape: Shape | None = None,
    classes: int | None = None,
) -> Session:
    """Open a network with its initial weights: the core's, or those that its library draws.

    Raises as `Backend.open` does, and UnsupportedError for a native model of another framework.
    """
    graph = network.trace(input_shape, classes)
    if isinstance(network, Architecture):
        return backend.open(graph, draw_weights(graph, setup.seed), setup)
    if not isinstance(backend, NativeBackend) or not network.fits(backend.name):
        raise UnsupportedError(
            f"backend '{backend.name}' cannot hold {network.name}, which is written for "
            f"{', '.join(network.backends)}"
        )
    return backend.open_native(network, graph.input_shape, graph.output.shape[0], setup)


def open_idiomatic(
    network: Network, graph: Graph, backend: Backend, setup: Setup, recipe: Recipe
) -> IdiomaticSession:
    """Open a network, traced as `graph`, in its framework's own way.

    Raises UnsupportedError where there is none, or a library wrote the network.
    """
    if not isinstance(backend, IdiomaticBackend) or isinstance(network, NativeModel):
        what = network.name if isinstance(network, NativeModel) else f"backend '{backend.name}'"
        raise UnsupportedError(f"{what} has no idiomatic division: use --division matched")
    return backend.open_idiomatic(graph, draw_weights(graph, setup.seed), setup, recipe)
