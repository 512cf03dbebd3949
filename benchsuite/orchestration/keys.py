"""The key of a case: what its result depends on besides itself, so that an upgrade is noticed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from benchsuite.contract import NativeModel
from benchsuite.graph import Shape
from benchsuite.hooks import Plugins
from benchsuite.networks import find_network
from benchsuite.processes.launcher import HostFacts
from benchsuite.processes.messages import BackendInspection
from benchsuite.records import Case

#: What decides a case's result, by name, in words that can be shown.
Key = dict[str, str]


@dataclass(frozen=True)
class Keys:
    """What the keys of a run's cases are made of.

    host: where its processes run.
    inspections: what each backend said of itself; None where it cannot be imported.
    data: sha256 of the data set.
    """

    plugins: Plugins
    host: HostFacts
    inspections: Mapping[str, BackendInspection | None]
    data: str
    _networks: dict[tuple[str, tuple[Shape, ...]], str] = field(default_factory=dict)

    def of(self, case: Case) -> Key:
        """Everything that another result may come of, though the case is the same."""
        inspection, cpu = self.inspections.get(case.backend), self.host.cpu
        versions = sorted(inspection.versions.items()) if inspection else []
        program = [self.host.machine[name] for name in ("benchsuite", "commit")]
        gpus = "; ".join(" ".join(gpu.values()) for gpu in self.host.gpus)
        offers = [*self.plugins.metrics.values(), *self.plugins.probes.values()]
        return {
            "benchsuite": " ".join(word for word in program if word),
            "network": self._network(case.architecture, case.input_shape, case.train_input_shape),
            "data": self.data,
            "device": cpu if case.device == "cpu" else f"{cpu}; {gpus}",
            "metrics": ", ".join(f"{one.name} of {self._provenance(one.plugin)}" for one in offers),
            "plugin": self._provenance(self.plugins.backends[case.backend].plugin),
            # Empty where its process died when it was asked, which is no change.
            "versions": ", ".join(f"{name} {version}" for name, version in versions),
        }

    def _network(self, name: str, *shapes: Shape) -> str:
        if (name, shapes) not in self._networks:
            network = find_network(name, self.plugins)
            # Nobody can look into a native model: its plugin stands for it.
            self._networks[name, shapes] = (
                self._provenance(self.plugins.native_models[name].plugin)
                if isinstance(network, NativeModel)
                else " ".join(network.trace(shape).fingerprint for shape in shapes)
            )
        return self._networks[name, shapes]

    def _provenance(self, plugin: str) -> str:
        return self.plugins.info(plugin).provenance


def changes(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """What differs between two keys, in words; digests by their names alone.

    A part that is empty is not known, as are a backend's versions where its process was killed
    while it was asked for them; it says nothing. One that is missing differs.
    """
    return [
        name if name in ("network", "data") else f"{name} {old.get(name)} → {new.get(name)}"
        for name in dict.fromkeys([*old, *new])
        if old.get(name) != new.get(name) and "" not in (old.get(name), new.get(name))
    ]
