"""What plugins offer: light declarations of heavy things, by kind and name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from benchsuite.errors import (
    MissingDependencyError,
    PluginError,
    UnknownNameError,
    UsageError,
    did_you_mean,
)

#: An error that names more helps nobody.
_MOST_NAMED = 60
#: Between a library and its native model: `torchvision/resnet50`.
LIBRARY_MARK = "/"
#: Between a name and what is given to it: `imagefolder:PATH`.
_ARGUMENT_MARK = ":"


@dataclass(frozen=True, slots=True)
class Target:
    """What a plugin offers under one name, loaded only when it is chosen.

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


@dataclass(frozen=True, slots=True)
class Entry:
    """One offered thing, and who offers it."""

    kind: str
    name: str
    target: Target
    plugin: str

    def load(self) -> Any:  # noqa: ANN401 - what it is depends on the kind
        """Import and return it. Raises MissingDependencyError, naming this entry."""
        try:
            return self.target.load()
        except MissingDependencyError as error:
            raise MissingDependencyError(f"{self.kind} '{self.name}' {error}") from None


class Registry(dict[str, Entry]):
    """Entries of one kind, in order of name; unknown names are answered with a suggestion."""

    def __init__(self, kind: str, entries: Iterable[Entry]) -> None:
        super().__init__({e.name: e for e in sorted(entries, key=lambda entry: entry.name)})
        self.kind = kind

    def __missing__(self, name: str) -> Entry:
        raise UnknownNameError(self._unknown(name))

    def find(self, asked: str) -> tuple[Entry, tuple[str, ...]]:
        """The entry, and what its function takes: nothing, or the text behind a colon.

        Raises UnknownNameError, and UsageError where an argument is missing or not wanted.
        """
        name, mark, argument = asked.partition(_ARGUMENT_MARK)
        entry = self[name]
        wanted = entry.target.argument
        if wanted and not argument:
            raise UsageError(
                f"{self.kind} '{asked}' needs a {wanted}: write {name}{_ARGUMENT_MARK}{wanted}"
            )
        if mark and not wanted:
            raise UsageError(f"{self.kind} '{name}' takes nothing behind its name, got '{asked}'")
        return entry, (argument,) if wanted else ()

    def select(self, patterns: Iterable[str]) -> list[Entry]:
        """Entries by shell patterns, or `all`. Raises UnknownNameError where one matches none."""
        chosen: dict[str, Entry] = {}
        for pattern in patterns:
            glob = "*" if pattern == "all" else pattern
            names = [name for name in self if fnmatchcase(name, glob)]
            if not names:
                raise UnknownNameError(self._unknown(pattern))
            chosen.update({name: self[name] for name in names})
        return list(chosen.values())

    def _unknown(self, name: str) -> str:
        if self.kind == "architecture" and LIBRARY_MARK in name:
            return (
                f"'{name}' is no architecture: a native model has no graph to show, verify or "
                "write weights of; `benchsuite run` and `benchsuite.load` take it"
            )
        known = ", ".join(self) or "none"
        if len(self) > _MOST_NAMED:
            known = f"{len(self)}, which `benchsuite list` shows"
        return f"unknown {self.kind} '{name}'.{did_you_mean(name, self)} Installed: {known}"
