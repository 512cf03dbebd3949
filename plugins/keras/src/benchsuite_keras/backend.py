"""What the backends on all of Keras' frameworks share."""

from __future__ import annotations

import platform
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from benchsuite.contract import Setup
from benchsuite.errors import UnsupportedError, UsageError
from benchsuite.graph import Graph
from benchsuite.graph.weights import Weights
from benchsuite_keras.ops import OPS
from benchsuite_keras.session import DTYPES, KerasSession


class KerasBackend(ABC):
    """`benchsuite.contract.Backend` for Keras on one framework."""

    name: str
    ops = OPS
    tiers: tuple[str, ...] = ("native",)
    precisions = tuple(DTYPES)

    @abstractmethod
    def versions(self) -> Mapping[str, str]:
        """Versions of Keras and of the framework that it runs on."""

    def devices(self) -> Sequence[str]:
        """Accelerators (`cuda:0`, …), as far as they are there, and `cpu`."""
        return (*self._accelerators(), "cpu")

    def device_name(self, device: str) -> str:
        """The vendor's name of a device. Raises UsageError where it is not there."""
        present = self._present(device)
        return _processor() if present == "cpu" else self._accelerator_name(present)

    def open(self, graph: Graph, weights: Weights, setup: Setup) -> KerasSession:
        """Lower the graph and put it on the device.

        Raises UnsupportedError for an op, tier or precision that is not there, and
        UsageError for such a device, for weights that do not fit, or for threads that can
        no longer be set.
        """
        setup = replace(setup, device=self._present(setup.device))
        self._refuse_unknown("tier", setup.tier, self.tiers)
        self._refuse_unknown("precision", setup.precision, self.precisions)
        self._refuse_unknown_ops(graph)
        self._configure(setup)
        return self._session(graph, weights, setup)

    @abstractmethod
    def _accelerators(self) -> Sequence[str]:
        """Devices other than the CPU, the preferred first."""

    @abstractmethod
    def _accelerator_name(self, device: str) -> str:
        """The vendor's name of one of `_accelerators()`."""

    @abstractmethod
    def _configure(self, setup: Setup) -> None:
        """Set, for the whole process, what the framework would decide by its defaults."""

    @abstractmethod
    def _session(self, graph: Graph, weights: Weights, setup: Setup) -> KerasSession:
        """A session on a device that is there."""

    def _present(self, device: str) -> str:
        full_name = "cuda:0" if device == "cuda" else device
        if full_name not in self.devices():
            raise UsageError(
                f"backend '{self.name}' has no device '{device}'; "
                f"it has: {', '.join(self.devices())}"
            )
        return full_name

    def _refuse_unknown(self, what: str, asked: str, known: Sequence[str]) -> None:
        if asked not in known:
            raise UnsupportedError(
                f"backend '{self.name}' has no {what} '{asked}'; it has: {', '.join(known)}"
            )

    def _refuse_unknown_ops(self, graph: Graph) -> None:
        for node in graph.nodes:
            if node.op not in self.ops:
                raise UnsupportedError(
                    f"backend '{self.name}' has no lowering for op '{node.op}', which layer "
                    f"'{node.name}' needs; it lowers: {', '.join(sorted(self.ops))}"
                )


def _processor() -> str:
    """The processor's name; `platform` does not know it on Linux."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())
