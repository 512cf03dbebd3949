"""Honest comparison of the same neural-network architectures across frameworks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchsuite.lazy import imported_when_used

if TYPE_CHECKING:
    from benchsuite.api import load
    from benchsuite.hooks import Target, hookimpl

__version__ = "0.1.0"

__all__ = ["Target", "__version__", "hookimpl", "load"]

#: `benchsuite --help` and plugins' entry points must stay light.
__getattr__ = imported_when_used(
    __name__,
    {
        "Target": "benchsuite.hooks",
        "hookimpl": "benchsuite.hooks",
        "load": "benchsuite.api",
    },
)
