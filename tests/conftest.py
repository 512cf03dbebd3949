import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "docs" / "example-plugin" / "src"


@pytest.fixture
def example_plugin(monkeypatch):
    """The example plugin's module, importable here and in worker processes."""
    monkeypatch.syspath_prepend(EXAMPLE)
    monkeypatch.setenv("PYTHONPATH", str(EXAMPLE))
    yield "benchsuite_example"
    for name in [name for name in sys.modules if name.startswith("benchsuite_example")]:
        del sys.modules[name]
