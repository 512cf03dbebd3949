import os
import stat
import subprocess

import pytest

from benchsuite.measure import environment


def test_describe_environment_names_the_machine():
    facts = environment.describe_environment()
    assert facts["cpu"]
    assert facts["memory_bytes"] > 2**28
    assert 1 <= facts["usable_cores"] <= facts["logical_cores"]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system has no affinity")
def test_default_threads_are_no_more_than_the_cpus_of_this_process():
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert environment.usable_cpus() == [min(allowed)]
        assert environment.default_threads() == 1
    finally:
        os.sched_setaffinity(0, allowed)


def test_gpus_are_what_the_drivers_tool_says(tmp_path, monkeypatch):
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'NVIDIA H200, 143771 MiB, 580.159.04'\n")
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert environment.gpus() == [
        {"name": "NVIDIA H200", "memory.total": "143771 MiB", "driver_version": "580.159.04"}
    ]


def test_gpus_are_none_without_a_driver(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert environment.gpus() == []


def test_source_commit_is_that_of_the_tree_and_none_outside(tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "_PACKAGE", tmp_path / "benchsuite")
    assert environment.source_commit() is None
    git = ["git", "-C", str(tmp_path), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
    commit = environment.source_commit()
    assert commit is not None
    assert len(commit) == 40
