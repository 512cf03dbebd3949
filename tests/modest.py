"""A plugin whose backend's ceilings take no time to measure; given to benchsuite as `-p`."""

from benchsuite import Target, hookimpl
from benchsuite.measure.ceilings import SMALLEST
from benchsuite.reference.backend import NumpyBackend


class Modest(NumpyBackend):
    """The reference with memory for the smallest matrices alone, and for small copies."""

    name = "modest"

    def multiply(self, setup, size):
        if size > SMALLEST:
            raise MemoryError(f"no room for {size} rows")
        return super().multiply(setup, size)

    def copy(self, setup, elements):
        return super().copy(setup, elements // 1024)


@hookimpl
def benchsuite_backends():
    return {"modest": Target("modest:Modest", "is quickly at its ceilings", by_default=False)}
