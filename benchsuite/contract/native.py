"""The escape hatch: networks that a library wrote, in one framework's own terms."""

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Protocol, runtime_checkable

from benchsuite.contract.backend import Backend, Session, Setup
from benchsuite.contract.training import Normalizer
from benchsuite.errors import ShapeError
from benchsuite.graph import Graph, Shape, opaque_graph

#: (input shape (H, W, C), classes) -> the framework's own object
BuildNative = Callable[[Shape, int], Any]


@dataclass(frozen=True, slots=True)
class NativeModel:
    """A network as a library wrote it: nothing proves it equal to another of its name.

    name: `library/model`, the library's own names.
    backends: names or shell patterns of the backends that can hold it, such as `keras-*`.
    build: makes the framework's object, with weights that it draws itself, in the worker
        process: a `torch.nn.Module` that takes (N, C, H, W), or a `keras.Model` that takes
        (N, H, W, C). It yields logits.
    input_shape, classes: the model's own.
    macs: for one image of `input_shape`, about: it sets the tour's batches, nothing else.
    smallest: pixels of the smallest side of an input.
    normalizer: what it makes of bytes, where normalisation is part of the model or another
        one is expected; None for the data set's.
    """

    name: str
    backends: tuple[str, ...]
    build: BuildNative
    input_shape: Shape
    classes: int
    macs: int
    smallest: int = 32
    normalizer: Normalizer | None = None

    def fits(self, backend: str) -> bool:
        """Whether the backend of that name can hold it."""
        return any(fnmatchcase(backend, pattern) for pattern in self.backends)

    def trace(self, input_shape: Shape | None = None, classes: int | None = None) -> Graph:
        """What is known before it is built: input, classes, and about how many MACs.

        Raises ShapeError for an input that is too small or has other channels.
        """
        height, width, channels = shape = input_shape or self.input_shape
        own_height, own_width, own_channels = self.input_shape
        if min(height, width) < self.smallest or channels != own_channels:
            raise ShapeError(
                f"{self.name} needs at least {self.smallest}×{self.smallest}×{own_channels}, "
                f"got {height}×{width}×{channels}"
            )
        share = height * width / (own_height * own_width)
        return opaque_graph(self.name, shape, classes or self.classes, round(share * self.macs))


@runtime_checkable
class NativeBackend(Backend, Protocol):
    """A backend that also takes natively written models of its framework."""

    def open_native(
        self, model: NativeModel, input_shape: Shape, classes: int, setup: Setup
    ) -> Session:
        """Build the model, its weights drawn by its library from `setup.seed`.

        The session's graph is opaque, with the model's own weights under its library's names
        and in its framework's layout. Raises UnsupportedError for a tier or precision that is
        not there, and UsageError for such a device.
        """
