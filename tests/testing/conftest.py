"""Runs single tests of the conformance kit on a backend, without pytest in between."""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest

from benchsuite.testing import BackendConformance


def _parameters(test: Callable[..., None]) -> Iterator[dict[str, Any]]:
    """The keyword arguments of every case of a parametrised test."""
    axes = []
    for mark in getattr(test, "pytestmark", []):
        names, values = mark.args
        if isinstance(names, str):
            names, values = (names,), [(value,) for value in values]
        axes.append([dict(zip(names, value, strict=True)) for value in values])
    for chosen in product(*axes):
        yield {name: value for part in chosen for name, value in part.items()}


def _complaint(test: Callable[..., None], parameters: dict[str, Any]) -> str | None:
    try:
        test(**parameters)
    except AssertionError as complaint:
        return str(complaint)
    return None


@pytest.fixture
def kit_complaints() -> Callable[..., list[str]]:
    """(backend class, test name, settings=…) -> what the kit says against the backend."""

    def complaints(backend: type, test: str, **settings: Any) -> list[str]:
        namespace = {"create": lambda _: backend(), "trains": False, **settings}
        kit = type("Kit", (BackendConformance,), namespace)()
        method = getattr(kit, test)
        said = (_complaint(method, parameters) for parameters in _parameters(method))
        return [complaint for complaint in said if complaint is not None]

    return complaints
