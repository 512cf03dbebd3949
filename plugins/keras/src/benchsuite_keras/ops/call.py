"""What a lowering is given, and what it gives."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from benchsuite.graph import Node, Shape
from benchsuite_keras.layers import KerasTensor
from benchsuite_keras.tensors import Tensor, same

#: Initial values are the core's: Keras need not draw its own.
ZERO_KERNEL: Mapping[str, str] = MappingProxyType(
    {"kernel_initializer": "zeros", "bias_initializer": "zeros"}
)

#: PyTorch keeps Keras' seeds as int32.
_LARGEST_SEED = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Call:
    """One node about to be lowered.

    inputs, shapes: its inputs, and their shapes for one image.
    policy: Keras' name for what the layers compute in, and their weights have.
    seed: of the session's random streams.
    image: of a flatten or dense node, the (H, W, C) that it gives or takes in that very order.
    """

    node: Node
    inputs: Sequence[KerasTensor]
    shapes: Sequence[Shape]
    policy: str
    seed: int
    image: Shape | None = None

    def attr(self, name: str) -> Any:  # noqa: ANN401 - its type depends on the op
        """One of the node's numbers."""
        return self.node.attrs[name]

    def options(self, suffix: str = "") -> dict[str, Any]:
        """What every layer is given: its name and dtype policy."""
        return {"name": layer_name(self.node.name) + suffix, "dtype": self.policy}

    def image_options(self, suffix: str = "") -> dict[str, Any]:
        """As `options`, for layers that know of a memory layout."""
        return {**self.options(suffix), "data_format": "channels_last"}

    def random_options(self) -> dict[str, Any]:
        """As `options`, for layers with a random stream: each has one of its own."""
        digest = zlib.crc32(f"{self.seed}:{self.node.name}".encode())
        return {**self.options(), "seed": digest & _LARGEST_SEED}


def layer_name(node: str) -> str:
    """Of the layer that a node becomes: PyTorch allows no dots in a name."""
    return node.replace(".", "-")


@dataclass(frozen=True, slots=True)
class Lowered:
    """A node's output, and its weights by role."""

    output: KerasTensor
    tensors: Mapping[str, Tensor] = field(default_factory=dict)


def with_bias(layer: Any, kernel: Tensor) -> dict[str, Tensor]:  # noqa: ANN401 - a keras.Layer
    """The weights of a layer that may have a bias."""
    return {"weight": kernel, **({"bias": same(layer.bias)} if layer.use_bias else {})}
