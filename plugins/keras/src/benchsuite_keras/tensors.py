"""Canonical weights in Keras' variables: where each is kept, and in which layout."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchsuite.graph import Shape

Array = NDArray[Any]
Variable = Any  # keras.Variable: Keras is untyped


def channel_major(vectors: Array, image: Shape) -> Array:
    """(N, H·W·C) as Keras flattens an image (H, W, C) -> (N, C·H·W) as the graph does."""
    images = vectors.reshape(-1, *image)
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2)).reshape(vectors.shape)


def channels_last(vectors: Array, image: Shape) -> Array:
    """(N, C·H·W) as the graph flattens an image -> (N, H·W·C) as Keras does."""
    height, width, channels = image
    images = vectors.reshape(-1, channels, height, width)
    return np.ascontiguousarray(images.transpose(0, 2, 3, 1)).reshape(vectors.shape)


@dataclass(frozen=True, slots=True)
class Tensor:
    """One canonical weight, kept in one or more Keras variables; both ways are exact."""

    variables: tuple[Variable, ...]
    to_keras: Callable[[Array], Sequence[Array]]
    to_canonical: Callable[[Sequence[Array]], Array]

    def read(self, to_host: Callable[[Variable], Array]) -> Array:
        """A copy in PyTorch's layout; `to_host` makes a new array of a variable's value."""
        values = [to_host(variable) for variable in self.variables]
        return np.asarray(self.to_canonical(values), order="C")

    def write(self, canonical: Array) -> None:
        """Replace the variables' values."""
        for variable, value in zip(self.variables, self.to_keras(canonical), strict=True):
            own = np.asarray(value, dtype=variable.dtype, order="C")
            # on a CPU, JAX and PyTorch may share the memory of an array
            variable.assign(own.copy() if np.may_share_memory(own, canonical) else own)


def transposed(variable: Variable, *axes: int) -> Tensor:
    """Keras' axes are the canonical ones, permuted: `canonical.transpose(axes)`."""
    back = np.argsort(axes)
    return Tensor(
        (variable,),
        lambda canonical: [canonical.transpose(axes)],
        lambda values: values[0].transpose(back),
    )


def same(variable: Variable) -> Tensor:
    """The same layout in both."""
    return Tensor((variable,), lambda canonical: [canonical], lambda values: values[0])


def channelwise(variable: Variable) -> Tensor:
    """(C, 1, 1) here, (C,) in Keras."""
    return Tensor(
        (variable,),
        lambda canonical: [canonical[:, 0, 0]],
        lambda values: values[0][:, np.newaxis, np.newaxis],
    )


def dense_of_image(kernel: Variable, image: Shape) -> Tensor:
    """(units, C·H·W) here, (H·W·C, units) in Keras; `image` is (H, W, C)."""
    height, width, channels = image

    def to_keras(canonical: Array) -> list[Array]:
        split = canonical.reshape(-1, channels, height, width)
        return [split.transpose(2, 3, 1, 0).reshape(height * width * channels, -1)]

    def to_canonical(values: Sequence[Array]) -> Array:
        split = values[0].reshape(height, width, channels, -1)
        matrix: Array = split.transpose(3, 2, 0, 1).reshape(-1, channels * height * width)
        return matrix

    return Tensor((kernel,), to_keras, to_canonical)


def depthwise(kernel: Variable) -> Tensor:
    """(C·m, 1, kh, kw) here, (kh, kw, C, m) in Keras; filter c·m + j sees channel c in both."""
    height, width, channels, multiplier = kernel.shape

    def to_keras(canonical: Array) -> list[Array]:
        split = canonical.reshape(channels, multiplier, height, width)
        return [split.transpose(2, 3, 0, 1)]

    def to_canonical(values: Sequence[Array]) -> Array:
        filters: Array = values[0].transpose(2, 3, 0, 1)
        return np.concatenate(filters)[:, np.newaxis]

    return Tensor((kernel,), to_keras, to_canonical)


def packed_kernels(kernels: Sequence[Variable]) -> Tensor:
    """PyTorch's `in_proj_weight` (3·D, D) here, three (D, heads, D/heads) in Keras."""
    width, heads, head_width = kernels[0].shape

    def to_keras(canonical: Array) -> list[Array]:
        parts = np.split(canonical, len(kernels))
        return [part.T.reshape(width, heads, head_width) for part in parts]

    def to_canonical(values: Sequence[Array]) -> Array:
        return np.concatenate([value.reshape(width, -1).T for value in values])

    return Tensor(tuple(kernels), to_keras, to_canonical)


def packed_biases(biases: Sequence[Variable]) -> Tensor:
    """PyTorch's `in_proj_bias` (3·D,) here, three (heads, D/heads) in Keras."""
    shape = tuple(biases[0].shape)

    def to_keras(canonical: Array) -> list[Array]:
        return [part.reshape(shape) for part in np.split(canonical, len(biases))]

    def to_canonical(values: Sequence[Array]) -> Array:
        return np.concatenate([value.reshape(-1) for value in values])

    return Tensor(tuple(biases), to_keras, to_canonical)


def output_projection(kernel: Variable) -> Tensor:
    """PyTorch's `out_proj.weight` (D, D) here, (heads, D/heads, D) in Keras."""
    shape = tuple(kernel.shape)

    def to_canonical(values: Sequence[Array]) -> Array:
        matrix: Array = values[0].reshape(-1, shape[-1]).T
        return matrix

    return Tensor((kernel,), lambda canonical: [canonical.T.reshape(shape)], to_canonical)
