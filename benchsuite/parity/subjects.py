"""What a certificate is of: an architecture, or the update rules on a small network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from benchsuite.contract import InspectableSession, UpdateRule
from benchsuite.graph import Architecture, Builder, Graph
from benchsuite.hooks import Plugins
from benchsuite.parity import experiment
from benchsuite.parity.experiment import RULE, RULES, Observation
from benchsuite.parity.networks import CLASSES, looked_at_network, trained_network

#: (graph, update rule) -> a session of one backend, closed at the end
Opener = Callable[[Graph, UpdateRule], AbstractContextManager[InspectableSession]]

#: The name under which the update rules are certified.
UPDATE_RULES = "update_rules"


class Subject(Protocol):
    """Something that can be compared between a backend and the reference."""

    @property
    def name(self) -> str:
        """The architecture's name, or `UPDATE_RULES`."""

    @property
    def fingerprint(self) -> str:
        """Of the network at its own input and classes."""

    @property
    def graphs(self) -> tuple[Graph, ...]:
        """Every network that is opened; the first is guarded against degeneracy."""

    def observe(self, opened: Opener, *, thorough: bool) -> Iterator[Observation]:
        """Everything that is compared; only float64 can match training, which is `thorough`."""


@dataclass(frozen=True, slots=True)
class Network:
    """An architecture, at two sizes."""

    name: str
    fingerprint: str
    graphs: tuple[Graph, ...]

    def observe(self, opened: Opener, *, thorough: bool) -> Iterator[Observation]:
        """Everything at the first size, and a look at the second; else a look at the first."""
        trained, looked_at = self.graphs
        with opened(trained, RULE) as session:
            yield from experiment.count(session)
            yield from experiment.observe(session)
            if not thorough:
                return
            yield from experiment.differentiate(session)
            yield from experiment.train(session)
        with opened(looked_at, RULE) as session:
            yield from experiment.observe(session, "second network: ")


@dataclass(frozen=True, slots=True)
class UpdateRules:
    """Every update rule, and the loss, on one small network with BatchNorm."""

    graphs: tuple[Graph, ...]
    name: str = UPDATE_RULES

    @property
    def fingerprint(self) -> str:
        """Of the small network."""
        return self.graphs[0].fingerprint

    def observe(self, opened: Opener, *, thorough: bool) -> Iterator[Observation]:
        """Twelve steps by each rule, where that can be matched."""
        (graph,) = self.graphs
        with opened(graph, RULE) as session:
            yield from experiment.observe(session)
            if not thorough:
                return
            yield from experiment.lose_sharply(session)
        for name, rule in RULES.items():
            with opened(graph, rule) as session:
                yield from experiment.follow_rule(session, name)


def find_subject(name: str, plugins: Plugins) -> Subject:
    """The subject of that name. Raises UnknownNameError."""
    if name == UPDATE_RULES:
        return UpdateRules((_small_network(),))
    architecture: Architecture = plugins.architectures[name].load()
    graphs = (trained_network(architecture), looked_at_network(architecture))
    return Network(name, architecture.trace().fingerprint, graphs)


def _small_network() -> Graph:
    net = Builder()
    x = net.conv(net.input((9, 8, 3)), 6, 3, padding=1, bias=False, name="conv")
    x = net.tanh(net.batch_norm(x, name="bn", epsilon=1e-3, momentum=0.3))
    x = net.flatten(net.avg_pool(x, 2))
    x = net.tanh(net.dense(x, 12, name="fc1"))
    net.dense(x, CLASSES, name="fc2")
    return net.graph(UPDATE_RULES)
