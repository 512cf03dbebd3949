"""Skips a plugin's tests, with the reason, where its framework or the plugin itself is missing.

Every test of a plugin has the marker `frameworks`: `pytest -m frameworks` runs these tests, and
the core's few that compare the frameworks that are installed.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

import pytest

HERE = Path(__file__).parent
#: By the plugin's folder, what its tests import.
NEEDS = {
    "torch": ("torch", "benchsuite_torch"),
    "keras": ("keras", "benchsuite_keras"),
    "mlflow": ("mlflow", "benchsuite_mlflow"),
}


class NotInstalled(pytest.Dir):
    """A plugin's folder whose tests cannot be imported here."""

    def collect(self) -> NoReturn:
        """Skip them all."""
        pytest.skip(f"plugins/{self.path.name}: not installed: {', '.join(_missing(self.path))}")


def pytest_collect_directory(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Give pytest the folder of a plugin that is not installed; all others are pytest's matter."""
    return NotInstalled.from_parent(parent, path=path) if _missing(path) else None


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark a plugin's test."""
    if HERE in item.path.parents:
        item.add_marker("frameworks")


def _missing(folder: Path) -> list[str]:
    needed = NEEDS[folder.name] if folder.parent == HERE else ()
    return [name for name in needed if find_spec(name) is None]
