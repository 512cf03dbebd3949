import sys
from textwrap import dedent

import pytest

HEAD = "from benchsuite import Target, hookimpl\n"


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder on `sys.path`; the modules that a test imports from it are forgotten again."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delenv("BENCHSUITE_DISABLE", raising=False)
    before = set(sys.modules)
    yield folder
    for name in set(sys.modules) - before:
        if str(folder) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


@pytest.fixture
def install(site):
    """A function that puts a distribution with one plugin module on `sys.path`."""

    def install_plugin(name, source, *, version="1.0", entry_point=None):
        module = name.replace("-", "_")
        (site / f"{module}.py").write_text(HEAD + dedent(source))
        info = site / f"{module}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(
            f"[benchsuite]\n{entry_point or module} = {module}\n"
        )

    return install_plugin
