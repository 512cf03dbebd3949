"""For authors of plugins: the reference, the conformance kit, and what they are made of.

from benchsuite.testing import BackendConformance

class TestMyBackend(BackendConformance):
    backend = "mybackend"
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchsuite.lazy import imported_when_used

if TYPE_CHECKING:
    from benchsuite.reference.backend import NumpyBackend, NumpySession
    from benchsuite.reference.nondegenerate import random_images, random_weights
    from benchsuite.reference.oracle import Oracle
    from benchsuite.testing.cases import OpCase, op_cases
    from benchsuite.testing.conformance import BackendConformance
    from benchsuite.testing.light import check_plugin_is_light

__all__ = [
    "BackendConformance",
    "NumpyBackend",
    "NumpySession",
    "OpCase",
    "Oracle",
    "check_plugin_is_light",
    "op_cases",
    "random_images",
    "random_weights",
]

#: The kit needs pytest, and plugins that name it must stay light.
__getattr__ = imported_when_used(
    __name__,
    {
        "BackendConformance": "benchsuite.testing.conformance",
        "Oracle": "benchsuite.reference.oracle",
        "check_plugin_is_light": "benchsuite.testing.light",
        **dict.fromkeys(("NumpyBackend", "NumpySession"), "benchsuite.reference.backend"),
        **dict.fromkeys(("OpCase", "op_cases"), "benchsuite.testing.cases"),
        **dict.fromkeys(("random_images", "random_weights"), "benchsuite.reference.nondegenerate"),
    },
)
