"""How plugins reach benchsuite: hook specifications, discovery and provenance."""

from benchsuite.hooks.manager import Plugins, load_plugins
from benchsuite.hooks.registry import LIBRARY_MARK, Entry, Registry, Target
from benchsuite.hooks.source import Source, reference_source, source_of
from benchsuite.hooks.specs import hookimpl

__all__ = [
    "LIBRARY_MARK",
    "Entry",
    "Plugins",
    "Registry",
    "Source",
    "Target",
    "hookimpl",
    "load_plugins",
    "reference_source",
    "source_of",
]
