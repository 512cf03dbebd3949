"""A digest tells code apart where a version does not."""

import sys

import pytest

from benchsuite.hooks import Source, load_plugins, reference_source, source_of

PLUGIN = """
from benchsuite import Target, hookimpl
@hookimpl
def benchsuite_backends():
    return {"mine": Target(path="MODULE:Backend", summary="A backend.")}
class Backend: pass
"""


@pytest.fixture
def source(tmp_path, monkeypatch):
    """A function that writes a plugin of one file, and says which code its backend is."""
    monkeypatch.syspath_prepend(tmp_path)

    def written(module, text=""):
        file = tmp_path / f"{module}.py"
        file.write_text(PLUGIN.replace("MODULE", module) + text)
        plugins = load_plugins([str(file)])
        sys.modules.pop(module)
        return source_of(plugins.backends["mine"], plugins)

    return written


def test_a_file_has_the_digest_of_its_content(source):
    first, again, changed = source("own_backend"), source("own_backend"), source("own_backend", "#")
    assert first == again
    assert first.digest != changed.digest
    assert first.short.endswith(f"({first.digest[:10]})")


def test_a_package_has_the_digest_of_all_its_files(tmp_path, monkeypatch):
    package = tmp_path / "own_package"
    (package / "inner").mkdir(parents=True)
    (package / "__init__.py").write_text(PLUGIN.replace("MODULE", "own_package.inner.backend"))
    inner = package / "inner" / "backend.py"
    inner.write_text("class Backend: pass")
    monkeypatch.syspath_prepend(tmp_path)
    plugins = load_plugins(["own_package"])
    before = source_of(plugins.backends["mine"], plugins)
    inner.write_text("class Backend: 'changed'")
    after = source_of(plugins.backends["mine"], plugins)
    sys.modules.pop("own_package")
    assert (before.distribution, before.version) == (after.distribution, after.version)
    assert before.digest != after.digest


def test_the_reference_has_a_digest_of_its_own():
    assert reference_source("0.1.0") == reference_source("0.1.0")
    assert len(reference_source("0.1.0").digest) == 64


def test_code_of_which_nothing_is_known_says_so():
    assert Source().short == "unknown code"
