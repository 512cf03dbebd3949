"""Every error that benchsuite raises on purpose.

BenchsuiteError
├── UsageError            the request cannot be carried out as asked: exit code 2
│   ├── UnknownNameError  no such architecture, backend, dataset, metric or plugin
│   └── ShapeError        an architecture cannot take this input, or a layer its inputs
├── PluginError           a plugin breaks the rules of the hooks
│   └── ClashError        two plugins offer the same name
├── NotFiniteError        logits or weights that are NaN or infinite
├── MissingDependencyError  what was asked for is known but its framework is not installed
├── StorageError          results cannot be written any more, such as to a full disk
└── UnsupportedError      a backend cannot do this op, tier, precision or task

Each message says what was asked, what was received and what to do next.
"""

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class BenchsuiteError(Exception):
    """The root of every error raised on purpose."""


class UsageError(BenchsuiteError):
    """The request cannot be carried out as asked."""


class UnknownNameError(UsageError):
    """A name that no plugin offers."""


class ShapeError(UsageError):
    """An input that an architecture or a layer cannot take."""


class PluginError(BenchsuiteError):
    """A plugin that breaks the rules of the hooks."""


class ClashError(PluginError):
    """Two plugins that offer the same name."""


class NotFiniteError(BenchsuiteError):
    """Logits or weights that are NaN or infinite."""


class MissingDependencyError(BenchsuiteError):
    """A known thing whose framework is not installed."""


class StorageError(BenchsuiteError):
    """Results that cannot be written; what was written before is whole."""


class UnsupportedError(BenchsuiteError):
    """Something that a backend does not do, such as an op, a tier or a precision."""


@contextmanager
def refused(said: str, *kinds: type[Exception]) -> Iterator[None]:
    """Raise UsageError for an error of these kinds, behind what is said; our own pass."""
    try:
        yield
    except BenchsuiteError:
        raise
    except kinds as error:
        raise UsageError(f"{said}: {error}") from error


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A suggestion that begins with a space, or nothing where no known name is like it."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f" Did you mean '{close[0]}'?" if close else ""
