"""Distributions of initial weights, with every number spelled out.

A rule (`kaiming_normal`, …) turns the fans of a weight into a distribution; the
distribution stands in the graph, so no backend ever applies a default of its own.
All are untruncated, as in `torch.nn.init`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from benchsuite.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Constant:
    """Every element has `value`."""

    value: float

    def draw(self, _: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """An array of this shape."""
        # Not at the top: whoever only declares a network loads no NumPy.
        import numpy as np

        return np.full(shape, self.value, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Uniform:
    """Uniform on [-bound, bound)."""

    bound: float

    def draw(self, generator: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """Independent elements, in an array of this shape."""
        return generator.uniform(-self.bound, self.bound, shape).astype("float32")


@dataclass(frozen=True, slots=True)
class Normal:
    """Normal with mean zero and standard deviation `std`."""

    std: float

    def draw(self, generator: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """Independent elements, in an array of this shape."""
        return generator.normal(0.0, self.std, shape).astype("float32")


@dataclass(frozen=True, slots=True)
class Unknown:
    """The affair of whoever wrote the network: natively written models draw their own."""

    def draw(self, *_: object) -> NoReturn:
        """Raises UsageError: there is nothing to draw from."""
        raise UsageError("natively written models draw their own weights: give weights, or none")


Initializer = Constant | Uniform | Normal | Unknown


@dataclass(frozen=True, slots=True)
class Fans:
    """Fan-in and fan-out of a layer, by PyTorch's definition: per group for a convolution."""

    fan_in: int
    fan_out: int


Rule = Callable[[Fans], Initializer]


def fan_in_uniform(fans: Fans) -> Initializer:
    """PyTorch's default for weights and biases: U(-1/sqrt(fan_in), 1/sqrt(fan_in)).

    `kaiming_uniform(a=sqrt(5))` is the same distribution (He et al. 2015, equation 14).
    """
    return Uniform(1.0 / math.sqrt(fans.fan_in))


def kaiming_normal_fan_out(fans: Fans) -> Initializer:
    """N(0, 2 / fan_out), for layers followed by ReLU (He et al. 2015, equation 14)."""
    return Normal(math.sqrt(2.0 / fans.fan_out))


def kaiming_normal_fan_in(fans: Fans) -> Initializer:
    """N(0, 2 / fan_in), for layers followed by ReLU (He et al. 2015, equation 10)."""
    return Normal(math.sqrt(2.0 / fans.fan_in))


def kaiming_uniform(fans: Fans) -> Initializer:
    """U(-b, b) with b = sqrt(6 / fan_in): the variance of `kaiming_normal_fan_in`."""
    return Uniform(math.sqrt(6.0 / fans.fan_in))


def fan_out_uniform(fans: Fans) -> Initializer:
    """U(-1/sqrt(fan_out), 1/sqrt(fan_out))."""
    return Uniform(1.0 / math.sqrt(fans.fan_out))


def lecun_normal(fans: Fans) -> Initializer:
    """N(0, 1 / fan_in) (LeCun et al. 1998, section 4.6)."""
    return Normal(math.sqrt(1.0 / fans.fan_in))


def xavier_uniform(fans: Fans) -> Initializer:
    """U(-b, b) with b = sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio 2010, equation 16)."""
    return Uniform(math.sqrt(6.0 / (fans.fan_in + fans.fan_out)))


def normal(std: float) -> Rule:
    """N(0, std²), whatever the fans."""
    return lambda _: Normal(std)


def constant(value: float) -> Rule:
    """The same number everywhere."""
    return lambda _: Constant(value)


zeros = constant(0.0)
