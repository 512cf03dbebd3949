"""A working directory whose files have the names of modules: none may be imported."""

import pytest

#: Of what every process of ours imports: of the standard library, of others, and our own.
NAMES = ("secrets", "statistics", "numpy", "msgspec", "psutil", "sklearn", "PIL")


@pytest.fixture
def shadows(tmp_path, monkeypatch):
    """The folder, made the working directory; `EXECUTED` is there once one was imported."""
    folder = tmp_path / "shadows"
    executed = folder / "EXECUTED"
    program = f"open({str(executed)!r}, 'a').write(__name__); raise ImportError('shadowed')\n"
    for place in [*(f"{name}.py" for name in NAMES), "benchsuite/__init__.py"]:
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(program)
    monkeypatch.chdir(folder)
    yield folder
    assert not executed.exists(), executed.read_text()
