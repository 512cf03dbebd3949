"""What the backends on all of Keras' frameworks share."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchsuite.contract import NativeModel, Setup, Workload, check_request, check_setup
from benchsuite.graph import Graph, Shape
from benchsuite.graph.weights import Weights, check_weights
from benchsuite_keras.lowering import lower
from benchsuite_keras.native import adopt
from benchsuite_keras.ops import OPS
from benchsuite_keras.precision import POLICIES
from benchsuite_keras.session import KerasSession, MakeModel

#: On the host.
Arrays = Sequence[NDArray[np.float32]]


class KerasBackend(ABC):
    """`benchsuite.contract.Backend` for Keras on one framework."""

    name: str
    ops = OPS
    #: Images have their channels last in every tier.
    tiers: tuple[str, ...] = ("native", "native+layout", "compiled", "user_api")
    precisions = tuple(POLICIES)

    @abstractmethod
    def versions(self) -> Mapping[str, str]:
        """Versions of Keras and of the framework that it runs on."""

    def devices(self) -> Sequence[str]:
        """Accelerators (`cuda:0`, …), as far as they are there, and `cpu`."""
        return (*self._accelerators(), "cpu")

    def device_name(self, device: str) -> str:
        """The vendor's name of an accelerator; the core names the CPU."""
        return device if device == "cpu" else self._accelerator_name(device)

    def open(self, graph: Graph, weights: Weights, setup: Setup) -> KerasSession:
        """Lower the graph and put it on the device.

        Raises UnsupportedError for an op, tier or precision that is not there, and
        UsageError for such a device, for weights that do not fit, or for threads that can
        no longer be set.
        """
        setup = check_request(self, graph, setup)
        check_weights(graph, weights)
        self._configure(setup)
        session = self._session(partial(lower, graph), setup)
        session.set_weights(weights)
        return session

    def open_native(
        self, model: NativeModel, input_shape: Shape, classes: int, setup: Setup
    ) -> KerasSession:
        """Build a library's own model; raises as `open` does, and what the library raises."""
        setup = self._checked(setup)
        return self._session(partial(adopt, model, input_shape, classes), setup)

    def multiply(self, setup: Setup, size: int) -> Workload:
        """The framework's own product; see `benchsuite.contract.CeilingBackend`."""
        setup = self._checked(setup)
        return self._product(setup, _normal(setup, (size, size), 2))

    def copy(self, setup: Setup, elements: int) -> Workload:
        """The framework's own copy; see `benchsuite.contract.CeilingBackend`."""
        setup = self._checked(setup)
        return self._copy(setup, _normal(setup, (elements,), 1))

    def _checked(self, setup: Setup) -> Setup:
        checked = check_setup(self, setup)
        self._configure(checked)
        return checked

    @abstractmethod
    def _product(self, setup: Setup, factors: Arrays) -> Workload:
        """Of two matrices, on a device that is there."""

    @abstractmethod
    def _copy(self, setup: Setup, source: Arrays) -> Workload:
        """Likewise, of one array."""

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
    def _session(self, make: MakeModel, setup: Setup) -> KerasSession:
        """A session on a device that is there."""


def _normal(setup: Setup, shape: Shape, count: int) -> Arrays:
    """Arrays of N(0, 1)."""
    generator = np.random.default_rng(setup.seed)
    return [generator.standard_normal(shape, np.float32) for _ in range(count)]
