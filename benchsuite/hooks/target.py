"""The light declaration of something heavy: loaded only when it is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from benchsuite.errors import MissingDependencyError, PluginError


@dataclass(frozen=True, slots=True)
class Target:
    """What a plugin offers under one name.

    path: `module:attribute`, imported when the name is chosen.
    summary: one line for `benchsuite list`.
    requires: modules that must be installed; looked up, not imported.
    install: the command that installs what `requires` names.
    environment: variables that a backend's process needs, set before it starts.
    tuned_environment: further variables for its processes that measure time.
    argument: what a data set's or an exporter's name is followed by, such as `PATH` in
        `imagefolder:PATH`; the function that `path` leads to gets it as text, last.
    by_default: whether a run that names no backends includes this one.
    """

    path: str
    summary: str
    requires: tuple[str, ...] = ()
    install: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    tuned_environment: Mapping[str, str] = field(default_factory=dict)
    argument: str = ""
    by_default: bool = True

    def missing(self) -> tuple[str, ...]:
        """Those of `requires` that are not installed."""
        return tuple(module for module in self.requires if not _is_installed(module))

    def load(self) -> Any:  # noqa: ANN401 - an architecture, a backend, …: the registry knows
        """Import and return what `path` names.

        Raises MissingDependencyError where a module of `requires` is not installed, and
        PluginError where the path leads nowhere.
        """
        missing = self.missing()
        if missing:
            hint = f": {self.install}" if self.install else ""
            raise MissingDependencyError(f"needs {', '.join(missing)}, not installed{hint}")
        module_name, _, attribute = self.path.partition(":")
        try:
            return getattr(import_module(module_name), attribute)
        except (ModuleNotFoundError, AttributeError) as error:
            raise PluginError(f"'{self.path}' cannot be loaded: {error}") from error


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # of a dotted name, the package itself is missing
        return False
