"""The NumPy reference as a plugin: `-p benchsuite.reference.plugin`.

Not registered by default: it is a definition, far too slow to be compared.
"""

from collections.abc import Mapping

from benchsuite.hooks import Target, hookimpl


@hookimpl
def benchsuite_backends() -> Mapping[str, Target]:
    """The reference."""
    return {
        "numpy": Target(
            "benchsuite.reference.backend:NumpyBackend",
            "NumPy reference that defines every op and its gradient",
        )
    }
