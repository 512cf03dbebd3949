"""Nothing of the user's own in what a run leaves behind."""

import re
from pathlib import Path

import pytest

from benchsuite.hooks import load_plugins
from benchsuite.orchestration import orchestrate
from benchsuite.planning.spec import make_spec

CANARY = "canary-8fe1c0"


class Silent:
    def __getattr__(self, _):
        return lambda *_: None


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home folder of somebody with secrets in the environment."""
    home = tmp_path / f"{CANARY}-home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in ("USER", "LOGNAME", "USERNAME", "AWS_SECRET_ACCESS_KEY", "HF_TOKEN", "OMP_CANARY"):
        monkeypatch.setenv(name, f"{CANARY}-{name}")
    monkeypatch.setenv("PIP_INDEX_URL", f"https://{CANARY}:{CANARY}@index.invalid/simple")
    monkeypatch.setenv("BENCHSUITE_MIRROR", f"https://{CANARY}:{CANARY}@mirror.invalid")
    return home


def test_no_secret_reaches_a_file_of_a_run(example_plugin, home, monkeypatch):
    """Of a run that goes well, and of one whose backend says where it was and what it knows."""
    monkeypatch.chdir(home)
    failing = home / "telling.py"
    failing.write_text(TELLING)
    plugins = load_plugins([example_plugin, str(failing)])
    options = {
        "archs": ["softmax_regression"],
        "backends": ["numpy-linear", "telling"],
        "dataset": "stripes",
        "protocol": "smoke",
        "epochs": 1,
        "results": str(home / "results"),
    }

    run = orchestrate(make_spec(options), plugins, Silent())

    assert {record.status for record in run.records} == {"ok", "failed"}
    for path in run.folder.rglob("*"):
        assert CANARY not in path.relative_to(run.folder).as_posix()
        if path.is_file() and path.parent.name != "logs":  # which hold what backends print
            assert CANARY.encode() not in path.read_bytes(), path
    failed = next((run.folder / "records").glob("*.telling.*")).read_text()
    assert "~/telling.py" in failed
    assert "cannot reach https://host.invalid/x" in failed


TELLING = f"""
from benchsuite import Target, hookimpl
from benchsuite_example.backend import LinearBackend

class Telling(LinearBackend):
    def open(self, graph, weights, setup):
        raise ValueError(f"{{__file__}} cannot reach https://me:{CANARY}@host.invalid/x")

@hookimpl
def benchsuite_backends():
    return {{"telling": Target("telling:Telling", "tells all", by_default=False)}}
"""


def test_a_data_set_in_the_home_folder_is_named_without_it(home):
    spec = make_spec({"dataset": f"imagefolder:{home}/pictures"})

    assert spec.dataset == "imagefolder:~/pictures"
    assert not re.search(CANARY, str(spec))
    assert Path("~/pictures").expanduser() == home / "pictures"
