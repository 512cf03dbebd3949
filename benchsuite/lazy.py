"""Names of a package that are imported when they are first used: worker processes stay light."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def imported_when_used(package: str, places: Mapping[str, str]) -> Callable[[str], Any]:
    """The `__getattr__` of a package; places: the module of each such name."""

    def getattribute(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
        if name not in places:
            raise AttributeError(f"module '{package}' has no attribute '{name}'")
        return getattr(import_module(places[name]), name)

    return getattribute


class LazyModule:
    """Stands for a module that is imported when something of it is first used."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:  # noqa: ANN401 - whatever the name stands for
        return getattr(import_module(self._name), attribute)
