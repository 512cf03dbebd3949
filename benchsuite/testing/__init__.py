"""For authors of plugins: the reference, the conformance kit, and what they are made of.

from benchsuite.testing import BackendConformance

class TestMyBackend(BackendConformance):
    backend = "mybackend"
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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

#: Loaded on first use: the kit needs pytest, and plugins that name it must stay light.
_LAZY = {
    "BackendConformance": "benchsuite.testing.conformance",
    "NumpyBackend": "benchsuite.reference.backend",
    "NumpySession": "benchsuite.reference.backend",
    "OpCase": "benchsuite.testing.cases",
    "Oracle": "benchsuite.reference.oracle",
    "check_plugin_is_light": "benchsuite.testing.light",
    "op_cases": "benchsuite.testing.cases",
    "random_images": "benchsuite.reference.nondegenerate",
    "random_weights": "benchsuite.reference.nondegenerate",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    if name not in _LAZY:
        raise AttributeError(f"module 'benchsuite.testing' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(_LAZY[name]), name)
