"""An architecture: one function, written once, that every backend gets."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from benchsuite.errors import ShapeError
from benchsuite.graph.builder import Builder
from benchsuite.graph.node import Graph, Node, Shape

BuildFunction = Callable[[Builder, Node, int], Node]

#: Sizes tried when an input is too small, to tell the user the smallest that fits.
_LARGEST_SIZE_TRIED = 512


@dataclass(frozen=True, slots=True)
class Architecture:
    """A named network: `build(builder, images, classes) -> logits`, and its own input."""

    name: str
    build: BuildFunction
    input_shape: Shape
    classes: int
    summary: str
    paper: str

    def trace(self, input_shape: Shape | None = None, classes: int | None = None) -> Graph:
        """The graph for (H, W, C). Raises ShapeError, naming the smallest input that fits."""
        shape = self.input_shape if input_shape is None else input_shape
        count = self.classes if classes is None else classes
        if count < 1:
            raise ShapeError(f"{self.name} needs at least 1 class, got {count}")
        try:
            return self._trace(shape, count)
        except ShapeError as error:
            raise self._explained(shape, count, error) from None

    @property
    def smallest(self) -> int:
        """Pixels of the smallest square's side. Raises ShapeError where none up to 512 fits."""
        size = self._smallest_size(self.input_shape[2], self.classes)
        if size is None:
            raise ShapeError(f"{self.name} takes no square input of up to {_LARGEST_SIZE_TRIED}")
        return size

    def _trace(self, shape: Shape, classes: int) -> Graph:
        builder = Builder()
        logits = self.build(builder, builder.input(shape), classes)
        graph = builder.graph(self.name)
        # The last node is the output: whatever is recorded behind the logits would take its place.
        if logits is not graph.output or logits.shape != (classes,):
            raise ShapeError(
                f"the last layer must yield the logits, of shape ({classes},); "
                f"'{graph.output.name}' yields {graph.output.shape}"
            )
        return graph

    def _explained(self, shape: Shape, classes: int, error: ShapeError) -> ShapeError:
        if len(shape) != 3 or min(shape) < 1:  # noqa: PLR2004 - height, width, channels
            return error
        smallest = self._smallest_size(shape[2], classes)
        if smallest is None or smallest <= min(shape[:2]):
            return ShapeError(f"{self.name} cannot take {shape[0]}×{shape[1]}: {error}")
        return ShapeError(
            f"{self.name} needs at least {smallest}×{smallest}, got {shape[0]}×{shape[1]}"
        )

    def _smallest_size(self, channels: int, classes: int) -> int | None:
        for candidate in range(1, _LARGEST_SIZE_TRIED + 1):
            with suppress(ShapeError):
                self._trace((candidate, candidate, channels), classes)
                return candidate
        return None


def architecture(
    *, input_shape: Shape, classes: int, paper: str
) -> Callable[[BuildFunction], Architecture]:
    """Make an architecture of a function; its name and docstring's first line are taken over.

    `input_shape` is the network's own (H, W, C); `paper` says where it was published.
    """

    def decorate(build: BuildFunction) -> Architecture:
        summary = (build.__doc__ or "").strip().split("\n")[0]
        return Architecture(build.__name__, build, input_shape, classes, summary, paper)

    return decorate
