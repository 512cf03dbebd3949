"""The registry of what is measured: one declaration for each quantity."""

from benchsuite.metrics.declaration import Declaration, Declarations
from benchsuite.metrics.declared import CONTESTED, METRICS, QUALITY

__all__ = ["CONTESTED", "METRICS", "QUALITY", "Declaration", "Declarations"]
