"""Honest comparison of the same neural-network architectures across frameworks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchsuite.api import load
    from benchsuite.hooks import Target, hookimpl

__version__ = "0.1.0"

__all__ = ["Target", "__version__", "hookimpl", "load"]

#: Loaded on first use: `benchsuite --help` and plugins' entry points must stay light.
_LAZY = {
    "Target": "benchsuite.hooks",
    "hookimpl": "benchsuite.hooks",
    "load": "benchsuite.api",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    if name not in _LAZY:
        raise AttributeError(f"module 'benchsuite' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(_LAZY[name]), name)
