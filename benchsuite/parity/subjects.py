"""What a certificate is of: an architecture, or the update rules on a small network."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from types import MappingProxyType

from benchsuite.contract import Division, InspectableSession, Normalizer, UpdateRule
from benchsuite.errors import ShapeError
from benchsuite.graph import Architecture, Builder, Graph, Node, Shape
from benchsuite.hooks import Plugins
from benchsuite.parity import experiment
from benchsuite.parity.experiment import (
    FIT_NORMALIZER,
    FIT_RECIPE,
    NORMALIZER,
    RULE,
    RULES,
    RULES_NORMALIZER,
    Observation,
)

#: (graph, update rule, normalizer) -> a session of one backend, closed at the end
Opener = Callable[[Graph, UpdateRule, Normalizer], AbstractContextManager[InspectableSession]]

#: The name under which the update rules are certified.
UPDATE_RULES = "update_rules"
#: Enough to tell classes apart, few enough to be quick.
CLASSES = 7
#: Tried in this order; divisible by 16 where a transformer's patches need it.
_ODD, _EVEN = (65, 49, 33, 17), (64, 48, 32, 16)
#: MACs of one image: the reference takes some seconds for a step at more.
_LARGEST = 0.12e9
_LARGEST_SIZE_TRIED = 128


@dataclass(frozen=True, slots=True)
class Network:
    """An architecture, at two sizes.

    fingerprint: of the network at its own input and classes.
    graphs: every network that is opened; the first is guarded against degeneracy.
    """

    name: str
    fingerprint: str
    graphs: tuple[Graph, ...]

    def observe_reference(self, opened: Opener) -> Iterator[Observation]:
        """All that any backend may be compared in."""
        return self.observe(opened, exact=True)

    def observe(
        self, opened: Opener, *, exact: bool, division: Division = "matched"
    ) -> Iterator[Observation]:
        """All that is compared: at the first size and, where `exact`, at the second.

        exact: in float64, which alone can match the training of a large network.
        """
        trained, inspected = self.graphs
        with opened(trained, RULE, NORMALIZER) as session:
            if division == "matched":
                yield from experiment.count(session)
            yield from experiment.observe(session)
            if exact and division == "matched":
                yield from experiment.differentiate(session)
                yield from experiment.train(session)
        if not exact:
            return
        with opened(inspected, RULE, NORMALIZER) as session:
            yield from experiment.observe(session, "second network: ")


@dataclass(frozen=True, slots=True)
class UpdateRules:
    """Every update rule, and the loss, on small networks with BatchNorm.

    graphs: one that drops nothing, and one that is trained.
    """

    name: str
    fingerprint: str
    graphs: tuple[Graph, ...]

    def observe_reference(self, opened: Opener) -> Iterator[Observation]:
        """All that any backend may be compared in."""
        yield from self.observe(opened, exact=True)
        yield from self._fit(opened)

    def observe(
        self, opened: Opener, *, exact: bool, division: Division = "matched"
    ) -> Iterator[Observation]:
        """Forty steps by each rule, in every precision; or what the idiomatic division can match.

        exact: in float64.
        """
        inspected, trained = self.graphs
        with opened(inspected, RULE, NORMALIZER) as session:
            yield from experiment.observe(session)
            if exact and division == "matched":
                yield from experiment.lose_sharply(session)
        if division == "idiomatic":
            yield from self._fit(opened)
            return
        for name, rule in RULES.items():
            with opened(trained, rule, RULES_NORMALIZER) as session:
                yield from experiment.follow_rule(session, name)

    def _fit(self, opened: Opener) -> Iterator[Observation]:
        with opened(self.graphs[0], FIT_RECIPE.update_rule, FIT_NORMALIZER) as session:
            yield from experiment.fit(session)


Subject = Network | UpdateRules


def find_subject(name: str, plugins: Plugins) -> Subject:
    """The subject of that name. Raises UnknownNameError."""
    if name == UPDATE_RULES:
        inspected, trained = _small_network(), _dropping_network()
        return UpdateRules(name, inspected.fingerprint, (inspected, trained))
    architecture: Architecture = plugins.architectures[name].load()
    graphs = (trained_network(architecture), inspected_network(architecture))
    return Network(name, architecture.trace().fingerprint, graphs)


def _small_network() -> Graph:
    net = Builder()
    x = net.conv(net.input((9, 8, 3)), 6, 3, padding=1, bias=False, name="conv")
    x = net.tanh(net.batch_norm(x, name="bn", epsilon=1e-3, momentum=0.3))
    x = net.flatten(net.avg_pool(x, 2))
    x = net.tanh(net.dense(x, 12, name="fc1"))
    net.dense(x, CLASSES, name="fc2")
    return net.graph(UPDATE_RULES)


def _dropping_network() -> Graph:
    net = Builder()
    x = net.conv(net.input((9, 8, 3)), 6, 3, padding=1, bias=False, name="conv1")
    x = net.tanh(net.batch_norm(x, name="bn", epsilon=1e-3, momentum=0.3))
    x = net.add(x, net.stochastic_depth(net.conv(x, 6, 3, padding=1, name="conv2"), 0.3))
    x = net.flatten(net.avg_pool(net.dropout(x, 0.2), 2))
    x = net.dropout(net.tanh(net.dense(x, 12, name="fc1")), 0.4)
    net.dense(x, CLASSES, name="fc2")
    return net.graph(f"{UPDATE_RULES}_trained")


def without_randomness(graph: Graph) -> Graph:
    """The same network, in which nothing is ever dropped: random streams are nobody's to match."""
    return replace(graph, nodes=tuple(_kept(node) for node in graph.nodes))


def _kept(node: Node) -> Node:
    if "rate" not in node.attrs:
        return node
    return replace(node, attrs=MappingProxyType({**node.attrs, "rate": 0.0}))


def trained_network(architecture: Architecture) -> Graph:
    """The network that goes through everything: an odd size, where it can take one."""
    return _first_fit(architecture, architecture.input_shape[2], (_ODD, _EVEN))


def inspected_network(architecture: Architecture) -> Graph:
    """Another size, even, and one channel where the first has three, or three where one."""
    channels = 1 if architecture.input_shape[2] == 3 else 3  # noqa: PLR2004 - colours
    return _first_fit(architecture, channels, (_EVEN, _ODD))


def _first_fit(architecture: Architecture, channels: int, groups: Sequence[Sequence[int]]) -> Graph:
    """At the largest affordable size of the first group that it can take any of, or at its own.

    Not less than an eighth of its own: a 3×3 window on a single position says little.
    """
    own = max(architecture.input_shape[:2])
    for group in groups:
        larger, smaller = range(group[-1], _LARGEST_SIZE_TRIED, 2), range(group[-1] - 2, 1, -2)
        for sizes in (group, larger, smaller):
            fitting = [size for size in sizes if own // 8 <= size <= own + 1]
            graphs = list(_traced(architecture, channels, fitting))
            if graphs:
                affordable = (graph for graph in graphs if graph.macs <= _LARGEST)
                smallest = min(graphs, key=lambda graph: graph.macs)
                return without_randomness(next(affordable, smallest))
    return without_randomness(architecture.trace(architecture.input_shape, CLASSES))


def _traced(architecture: Architecture, channels: int, sizes: Sequence[int]) -> Iterator[Graph]:
    for size in sizes:
        shape: Shape = (size, size, channels)
        try:
            yield architecture.trace(shape, CLASSES)
        except ShapeError:
            continue
