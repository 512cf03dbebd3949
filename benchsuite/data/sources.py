"""From what a user asks for to a data set: `cifar10`, `imagefolder:PATH`."""

from __future__ import annotations

from benchsuite.contract import Dataset
from benchsuite.errors import UsageError
from benchsuite.hooks import Entry, Registry

_MARK = ":"
#: Problems that an error names; it counts the rest.
_NAMED = 5


def find_source(asked: str, datasets: Registry) -> tuple[Entry, str]:
    """The entry, and what is given to it behind the colon.

    Raises UnknownNameError, and UsageError where an argument is missing or not wanted.
    """
    name, mark, argument = asked.partition(_MARK)
    entry = datasets[name]
    wanted = entry.target.argument
    if wanted and not argument:
        raise UsageError(f"data set '{asked}' needs a {wanted}: write {name}{_MARK}{wanted}")
    if mark and not wanted:
        raise UsageError(f"data set '{name}' takes nothing behind its name, got '{asked}'")
    return entry, argument


def load_source(asked: str, datasets: Registry, *, skip_bad: bool = False) -> Dataset:
    """Load it, downloading what is not there yet.

    skip_bad: go on without the images that cannot be read.

    Raises as `find_source` does, MissingDependencyError, and UsageError where files are
    missing or broken, naming them.
    """
    entry, argument = find_source(asked, datasets)
    load = entry.load()
    dataset: Dataset = load(argument) if entry.target.argument else load()
    if dataset.problems and not skip_bad:
        named = "; ".join(dataset.problems[:_NAMED])
        more = len(dataset.problems) - _NAMED
        raise UsageError(
            f"data set '{asked}' has {len(dataset.problems)} images that cannot be used: {named}"
            f"{f'; and {more} more' if more > 0 else ''}: mend or remove them, or leave them out "
            "with --bad-images skip"
        )
    return dataset
