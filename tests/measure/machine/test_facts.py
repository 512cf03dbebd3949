import os
import platform
import stat
import subprocess
from importlib import metadata

import pytest

from benchsuite.measure.machine import facts as environment


def test_describe_environment_names_the_machine():
    facts = environment.describe_environment()
    assert facts["cpu"]
    assert facts["memory_bytes"] > 2**28
    assert 1 <= facts["usable_cores"] <= facts["logical_cores"]


@pytest.fixture
def kernel(monkeypatch, tmp_path):
    """A function that has the kernel say a text in a file, by the constant that names it."""

    def says(constant, text):
        path = tmp_path / constant
        path.write_text(text)
        monkeypatch.setattr(environment, constant, path)

    return says


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (
            "flags\t: fpu sse2 sse4_1 avx2 avx512f amx_tile fma aes",
            "amx_tile avx2 avx512f fma sse4_1",
        ),
        ("Features\t: fp asimd aes sve svebf16 i8mm", "asimd i8mm sve svebf16"),
    ],
)
def test_cpu_flags_are_those_that_kernels_are_chosen_by(kernel, line, found):
    kernel("_CPUINFO", f"processor\t: 0\nmodel name\t: Test CPU\n{line}\nbugs\t: avx\n")

    assert environment.cpu_flags() == found.split()
    assert environment.cpu_name() == "Test CPU"


def test_kernel_is_asked_for_what_speed_depends_on(kernel, monkeypatch, tmp_path):
    kernel("GOVERNOR", "powersave\n")
    kernel("SMT", "1\n")
    kernel("_HUGE_PAGES", "always [madvise] never\n")
    for node in ("node0", "node1", "online"):
        (tmp_path / "node" / node).mkdir(parents=True)
    monkeypatch.setattr(environment, "_SYSTEM", tmp_path)

    facts = environment.describe_environment()

    assert (facts["governor"], facts["smt"], facts["numa_nodes"]) == ("powersave", True, 2)
    assert facts["transparent_huge_pages"] == "madvise"
    assert facts["kernel"] == platform.release()
    assert facts["libc"] == (" ".join(platform.libc_ver()).strip() or None)


def test_what_the_kernel_does_not_say_is_unknown(monkeypatch, tmp_path):
    for constant in ("GOVERNOR", "SMT", "_HUGE_PAGES", "_SYSTEM", "_CPUINFO"):
        monkeypatch.setattr(environment, constant, tmp_path / "nothing")

    facts = environment.describe_environment()

    unknown = ("governor", "smt", "transparent_huge_pages", "numa_nodes")
    assert [facts[name] for name in unknown] == [None] * 4
    assert facts["cpu_flags"] == []
    assert facts["cpu"]


def test_packages_are_all_that_is_installed():
    found = environment.describe_environment()["packages"]

    assert found["numpy"] == metadata.version("numpy")
    assert {"msgspec", "pytest"} <= found.keys()
    assert list(found) == sorted(found, key=str.lower)


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


@pytest.fixture
def topology(tmp_path):
    """Writes down what the kernel says: of each CPU its package, node and core."""

    def write(places):
        for cpu, (package, node, core) in enumerate(places):
            folder = tmp_path / f"cpu{cpu}"
            (folder / "topology").mkdir(parents=True)
            (folder / f"node{node}").mkdir()
            (folder / "topology" / "physical_package_id").write_text(f"{package}\n")
            (folder / "topology" / "core_id").write_text(f"{core}\n")
        return tmp_path

    return write


def test_siblings_of_a_core_come_last(topology):
    side_by_side = topology([(0, 0, 0), (0, 0, 0), (0, 0, 1), (0, 0, 1)])
    assert environment.by_core(range(4), side_by_side) == [0, 2, 1, 3]


def test_one_package_is_filled_before_the_next(topology):
    in_turns = topology([(0, 0, 0), (1, 1, 0), (0, 0, 1), (1, 1, 1)])
    assert environment.by_core(range(4), in_turns) == [0, 2, 1, 3]


def test_one_memory_node_is_filled_before_the_next(topology):
    in_turns = topology([(0, 0, 4), (0, 1, 2), (0, 0, 5), (0, 1, 3)])
    assert environment.by_core(range(4), in_turns) == [0, 2, 1, 3]


def test_only_cpus_that_may_be_used_are_counted(topology):
    root = topology([(0, 0, 0), (0, 0, 0), (0, 0, 1), (0, 0, 1)])
    assert environment.by_core([1, 3, 2], root) == [1, 2, 3]


def test_without_the_kernels_word_they_stay_in_order(tmp_path):
    assert environment.by_core([3, 0, 2, 1], tmp_path) == [0, 1, 2, 3]
