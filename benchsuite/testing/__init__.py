"""For authors of plugins: the reference, the conformance kit, and what they are made of.

from benchsuite.testing import BackendConformance

class TestMyBackend(BackendConformance):
    backend = "mybackend"
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchsuite.testing.cases import OpCase, op_cases
    from benchsuite.testing.conformance import BackendConformance
    from benchsuite.testing.light import check_plugin_is_light
    from benchsuite.testing.nondegenerate import random_images, random_weights
    from benchsuite.testing.numpy_backend import NumpyBackend, NumpySession
    from benchsuite.testing.oracle import Oracle

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

#: Loaded on first use: the kit needs pytest, and `numpy_plugin` must stay light.
_LAZY = {
    "BackendConformance": "conformance",
    "NumpyBackend": "numpy_backend",
    "NumpySession": "numpy_backend",
    "OpCase": "cases",
    "Oracle": "oracle",
    "check_plugin_is_light": "light",
    "op_cases": "cases",
    "random_images": "nondegenerate",
    "random_weights": "nondegenerate",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    if name not in _LAZY:
        raise AttributeError(f"module 'benchsuite.testing' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(f"benchsuite.testing.{_LAZY[name]}"), name)
