"""Processes of ours: what they import, how long they live, and what they may hold."""

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from benchsuite.hooks import load_plugins
from benchsuite.processes.interpreter import Interpreter, Interpreters
from benchsuite.processes.kernel import IS_LINUX
from benchsuite.processes.process_tree import MARK

PROGRAM = """
import os, resource, sys

def main():
    sys.stderr.write("printed")
    sys.stderr.flush()
    limit, _ = resource.getrlimit(resource.RLIMIT_DATA)
    found = [sys.argv, sys.path, os.getsid(0) == os.getpid(), os.environ["BENCHSUITE_WORKER"],
             open("/proc/self/oom_score_adj").read().strip(), limit, os.environ["TMPDIR"]]
    os.write(1, repr(found).encode() + b"\\n")
    sys.stdin.read()
"""


@pytest.fixture
def environment(tmp_path):
    (tmp_path / "program_of_a_test.py").write_text(PROGRAM)
    found = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**os.environ, "PYTHONPATH": found, "TMPDIR": "the user's"}


def said(process):
    return eval(process.output.readline())  # noqa: S307 - written by the program above


@pytest.mark.skipif(not IS_LINUX, reason="the kernel's settings are Linux's")
def test_process_has_its_settings_before_it_imports_what_it_is_for(
    environment, tmp_path, monkeypatch
):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    with (
        (tmp_path / "log").open("wb") as log,
        closing(Interpreters(memory_limit_bytes=2**30)) as interpreters,
    ):
        process = interpreters.start("program_of_a_test", ["a", "b"], environment, log)
        argv, path, is_leader, mark, first_to_go, limit, scratch = said(process)
        process.kill()
    assert argv == ["program_of_a_test", "a", "b"]
    assert "" not in path
    assert str(Path.cwd()) not in path
    assert is_leader
    assert mark
    assert first_to_go == "1000"
    assert limit == 2**30
    assert Path(scratch).name.startswith("benchsuite-")
    assert not Path(scratch).exists()
    assert (tmp_path / "log").read_text() == "printed"


def test_process_ends_when_its_input_does(environment, capfd):
    process = Interpreter("program_of_a_test", environment=environment)
    said(process)
    assert process.is_alive()
    process.end()
    assert process.wait() == 0
    assert capfd.readouterr().err == "printed"


def test_process_that_was_killed_stays_so_however_often(environment, capfd):
    process = Interpreter("program_of_a_test", environment=environment)
    said(process)
    process.kill()
    process.kill()
    assert not psutil.pid_exists(process.pid)
    assert process.output.closed
    assert process.input.closed


def test_process_may_belong_to_the_tree_of_another(environment, capfd):
    process = Interpreter("program_of_a_test", environment=environment, mark="a tree")
    assert said(process)[3] == "a tree"
    process.end()


def test_every_process_starts_a_tree_of_its_own(environment, monkeypatch, capfd):
    monkeypatch.setenv(MARK, "mine")
    processes = [Interpreter("program_of_a_test", environment=environment) for _ in range(2)]
    marks = {said(process)[3] for process in processes}
    for process in processes:
        process.end()
    assert len(marks - {"mine"}) == 2


def test_interpreter_is_the_one_that_was_asked_for(environment, tmp_path):
    wrapper = tmp_path / "python"
    wrapper.write_text(f'#!/bin/sh\nWRAPPED=yes TMPDIR=wrapped exec {sys.executable} "$@"\n')
    wrapper.chmod(0o755)
    with (tmp_path / "log").open("wb") as log, closing(Interpreters(str(wrapper))) as interpreters:
        process = interpreters.start("program_of_a_test", [], environment, log)
        assert said(process)[6] == "wrapped"
        process.kill()


@pytest.mark.usefixtures("shadows")
def test_workers_of_a_run_import_nothing_from_the_working_directory(tmp_path):
    from benchsuite.orchestration import orchestrate
    from benchsuite.planning import make_spec

    asked = {"archs": ["mlp"], "backends": ["numpy"], "protocol": "smoke", "epochs": 1}
    spec = make_spec({**asked, "limit": 400, "results": str(tmp_path / "results")})

    (record,) = orchestrate(spec, load_plugins(["benchsuite.reference.plugin"]), _Quiet()).records

    assert (record.status, record.reason) == ("ok", "")


@pytest.mark.usefixtures("shadows")
def test_workers_of_a_verification_import_nothing_from_the_working_directory():
    from benchsuite.parity import Request, verify

    request = Request(
        subjects=("mlp",),
        backends=("numpy",),
        precisions=("fp32",),
        device="cpu",
        threads=1,
        timeout_s=120.0,
    )
    plugins = load_plugins(["benchsuite.reference.plugin"])
    (certificate,) = verify(request, plugins, _Quiet())
    assert (certificate.verdict, certificate.reason) == ("within tolerance", "")


@pytest.mark.usefixtures("shadows")
def test_decoders_import_nothing_from_the_working_directory():
    from benchsuite.data.images.decoder_pool import Decoders

    with closing(Decoders(2)) as decoders:
        assert list(decoders.map(os.path.basename, ["a/b", "c"])) == ["b", "c"]


def test_command_imports_nothing_from_the_working_directory_however_it_is_called(shadows):
    (shadows / "benchsuite/__init__.py").unlink()  # `python -m benchsuite` asks for that one
    (shadows / "benchsuite").rmdir()
    command = [sys.executable, "-m", "benchsuite", "list", "archs"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_plugin_in_the_working_directory_is_loaded_where_it_is_asked_for(shadows, tmp_path):
    from benchsuite.orchestration import plan
    from benchsuite.planning import make_spec

    (shadows / "my_plugin.py").write_text("""
from benchsuite import Target, hookimpl
from benchsuite.testing import NumpyBackend

class Mine(NumpyBackend):
    name = "mine"

@hookimpl
def benchsuite_backends():
    return {"mine": Target("my_plugin:Mine", "mine")}
""")
    spec = make_spec({"archs": ["mlp"], "backends": ["mine"], "tiers": ["native"]})
    (case,) = plan(spec, load_plugins(["my_plugin.py"]))
    assert case.backend == "mine"


class _Quiet:
    def __getattr__(self, name):
        return lambda *_, **__: None
