"""What a backend's framework reaches at the most, so that networks can be held against it."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from benchsuite.contract.backend import Backend, Setup

#: Of one number that layers compute with, by precision.
# tf32 rounds within a multiplication: in memory, its numbers are float32.
ELEMENT_BYTES: Mapping[str, int] = {"fp32": 4, "tf32": 4, "bf16": 2, "fp16": 2, "fp64": 8}


class Workload(Protocol):
    """One piece of work on the device, to be submitted again and again."""

    @property
    def operands(self) -> Sequence[Any]:
        """What it reads: the framework's own tensors, on the device."""

    def submit(self) -> Any:  # noqa: ANN401 - opaque to the core
        """Have all of it done once more, and nothing else.

        May return before the device has finished: see `synchronize`. The result is the
        framework's own tensor, which may be overwritten by the next call.
        """

    def synchronize(self) -> None:
        """Return when the device has finished everything submitted so far."""


@runtime_checkable
class CeilingBackend(Backend, Protocol):
    """A backend that also does the two things that bound every network's speed.

    As its framework does them best, in the setup's precision; the tier has no part in it.
    Raises UnsupportedError for a precision that is not there, and UsageError for such a device.
    """

    def multiply(self, setup: Setup, size: int) -> Workload:
        """The product of two matrices of N(0, 1), (size, size); these are the operands.

        Of the dtype that layers compute in: bfloat16 in bf16, float32 in tf32.
        """

    def copy(self, setup: Setup, elements: int) -> Workload:
        """A copy of one array of N(0, 1), (elements,), to other memory of the same device."""
