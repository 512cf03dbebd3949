"""Everything of one kind that the plugins offer, under its names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from benchsuite.errors import MissingDependencyError, UnknownNameError, UsageError, did_you_mean
from benchsuite.hooks.target import Target

#: An error that names more helps nobody.
_MOST_NAMED = 60
#: Between a library and its native model: `torchvision/resnet50`.
LIBRARY_MARK = "/"
#: Between a name and what is given to it: `imagefolder:PATH`.
_ARGUMENT_MARK = ":"


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


class Registry(Mapping[str, Entry]):
    """Entries of one kind, in order of name; unknown names are answered with a suggestion."""

    def __init__(self, kind: str, entries: Iterable[Entry]) -> None:
        self.kind = kind
        self._entries = {entry.name: entry for entry in sorted(entries, key=lambda e: e.name)}

    def __getitem__(self, name: str) -> Entry:
        try:
            return self._entries[name]
        except KeyError:
            raise UnknownNameError(self._unknown(name)) from None

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

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
        """Entries whose names match any of the shell patterns; `all` means every one.

        Raises UnknownNameError for a pattern that matches nothing.
        """
        chosen: dict[str, Entry] = {}
        for pattern in patterns:
            glob = "*" if pattern == "all" else pattern
            names = [name for name in self if fnmatchcase(name, glob)]
            if not names:
                raise UnknownNameError(self._unknown(pattern))
            chosen.update({name: self._entries[name] for name in names})
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
