"""What an exception of a framework means for its case."""

from __future__ import annotations

from benchsuite.errors import BenchsuiteError, MissingDependencyError, UnsupportedError
from benchsuite.run.messages import Broke

#: How the frameworks call a full device, in the names or texts of their exceptions.
_OUT_OF_MEMORY = ("outofmemory", "resourceexhausted", "out of memory", "resource_exhausted")


def is_out_of_memory(error: Exception) -> bool:
    """Whether the device, or the host, was full."""
    said = f"{type(error).__name__}: {error}".lower()
    return isinstance(error, MemoryError) or any(mark in said for mark in _OUT_OF_MEMORY)


def broke(error: Exception) -> Broke:
    """The status of a case that an exception ended, and the reason in one line."""
    text = " ".join(str(error).split())
    said = f"{type(error).__name__}: {text}"
    if is_out_of_memory(error):
        return Broke("oom", said)
    if isinstance(error, UnsupportedError | MissingDependencyError):
        return Broke("unsupported", text)
    return Broke("failed", text if isinstance(error, BenchsuiteError) else said)
