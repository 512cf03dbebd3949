"""Random weights and images that hide nothing: unlike initial weights, none is degenerate.

A BatchNorm scale or a head that starts as zero makes unequal networks look equal.
"""

import math
import zlib

import numpy as np
from numpy.typing import DTypeLike, NDArray

from benchsuite.graph import Graph, Weight


def random_weights(
    graph: Graph, seed: int = 0, dtype: DTypeLike = np.float32
) -> dict[str, NDArray[np.floating]]:
    """Weights by canonical name, each from (seed, name).

    Scales and running variances lie in (0.5, 1.5); kernels are N(0, 2 / fan_in), heads
    included; biases, running means, tokens and positions have magnitudes in (0.1, 0.5).
    """
    return {
        name: random_weight(name, weight, seed, dtype) for name, weight in graph.weights.items()
    }


def random_weight(
    name: str, weight: Weight, seed: int = 0, dtype: DTypeLike = np.float32
) -> NDArray[np.floating]:
    """One of `random_weights`: it depends on nothing but what is given."""
    # By crc32: Python's own `hash` of a text differs from process to process.
    generator = np.random.default_rng([seed, zlib.crc32(name.encode())])
    return _draw(generator, weight).astype(dtype)


def _draw(generator: np.random.Generator, weight: Weight) -> NDArray[np.float64]:
    is_vector = len(weight.shape) == 1
    if weight.role == "running_var" or (weight.role == "weight" and is_vector):
        return generator.uniform(0.5, 1.5, weight.shape)
    if weight.role.endswith("weight"):
        return generator.normal(0.0, math.sqrt(2.0 / math.prod(weight.shape[1:])), weight.shape)
    signs = generator.choice([-1.0, 1.0], weight.shape)
    return signs * generator.uniform(0.1, 0.5, weight.shape)


def random_images(
    graph: Graph, count: int = 3, *, seed: int = 0, mean: float = 0.0, spread: float = 1.0
) -> NDArray[np.float32]:
    """Normalised images (count, H, W, C) for a graph: N(mean, spread²), float32."""
    generator = np.random.default_rng([seed, count])
    return generator.normal(mean, spread, (count, *graph.input_shape)).astype(np.float32)
