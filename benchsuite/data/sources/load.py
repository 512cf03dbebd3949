"""From what a user asks for to a data set: `cifar10`, `imagefolder:PATH`."""

from __future__ import annotations

import os

from benchsuite.contract import Dataset
from benchsuite.errors import UsageError
from benchsuite.hooks import Registry

#: Problems that an error names; it counts the rest.
_NAMED = 5


def load_source(asked: str, datasets: Registry, *, skip_bad: bool = False) -> Dataset:
    """Load it, downloading what is not there yet.

    skip_bad: go on without the images that cannot be read.

    Raises as `Registry.find` does, MissingDependencyError, and UsageError where files are
    missing or broken, naming them.
    """
    entry, argument = datasets.find(asked)
    # A record says `~` for the home folder, which a shell leaves behind a colon.
    dataset: Dataset = entry.load()(*map(os.path.expanduser, argument))
    if dataset.problems and not skip_bad:
        named = "; ".join(dataset.problems[:_NAMED])
        more = len(dataset.problems) - _NAMED
        raise UsageError(
            f"data set '{asked}' has {len(dataset.problems)} images that cannot be used: {named}"
            f"{f'; and {more} more' if more > 0 else ''}: mend or remove them, or leave them out "
            "with --bad-images skip"
        )
    return dataset
