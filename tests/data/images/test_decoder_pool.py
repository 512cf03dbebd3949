"""Processes that decode: their order, their errors, their end."""

import os
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import psutil
import pytest

from benchsuite.data.images import decoder_pool as decoders
from benchsuite.data.images.decoder_pool import Decoders, few, shared_decoders
from benchsuite.errors import BenchsuiteError, UsageError


@pytest.fixture(autouse=True)
def tasks(monkeypatch):
    """What the processes are asked to do is in this folder."""
    folder = Path(__file__).parent
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("PYTHONPATH", f"{folder}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    import decoder_tasks

    return decoder_tasks


@pytest.mark.parametrize("count", [1, 2, 3])
def test_map_keeps_the_order_by_any_number_of_processes(count, tasks):
    with closing(Decoders(count)) as pool:
        assert list(pool.map(tasks.slow_if_even, range(7))) == list(range(7))
        assert list(pool.map(tasks.slow_if_even, [])) == []


def test_map_uses_processes_of_its_own_and_no_more_than_asked(tasks):
    with closing(Decoders(2)) as pool:
        found = set(pool.map(tasks.process, range(20)))
    assert os.getpid() not in found
    assert 1 <= len(found) <= 2


def test_map_in_one_process_is_in_this_one(tasks):
    with closing(Decoders(1)) as pool:
        assert list(pool.map(tasks.process, [0])) == [os.getpid()]


def test_map_raises_what_is_raised_there_and_goes_on(tasks):
    with closing(Decoders(2)) as pool:
        with pytest.raises(UsageError, match=r"^no 3$"):
            list(pool.map(tasks.refuse_three, range(6)))
        assert list(pool.map(tasks.refuse_three, [1, 2])) == [1, 2]


def test_map_tells_of_a_process_that_dies_and_starts_another(tasks):
    with closing(Decoders(2)) as pool:
        with pytest.raises(BenchsuiteError, match="ended with exit code 7"):
            list(pool.map(tasks.die, [7]))
        assert list(pool.map(tasks.refuse_three, [1, 2])) == [1, 2]


def test_map_is_not_confused_by_what_is_printed(tasks, capfd):
    with closing(Decoders(2)) as pool:
        assert list(pool.map(tasks.print_loudly, ["a", "b"])) == ["a", "b"]
    assert sorted(capfd.readouterr().err.split()) == ["a", "b"]


def test_close_ends_the_processes(tasks):
    with closing(Decoders(2)) as pool:
        found = set(pool.map(tasks.process, range(8)))
    assert not any(map(psutil.pid_exists, found))


def test_processes_import_neither_a_framework_nor_the_main_module(tmp_path):
    """Those of a forked process, as the harness's are, whose main module has a framework."""
    (tmp_path / "torch.py").write_text("")
    script = tmp_path / "asks.py"
    script.write_text("""
import os, torch
import decoder_tasks
from benchsuite.data.images.decoder_pool import Decoders
pid = os.fork()
if pid == 0:
    print(*next(Decoders(2).map(decoder_tasks.modules, [0])), flush=True)
    os._exit(0)
os.waitpid(pid, 0)
""")
    path = f"{tmp_path}{os.pathsep}{os.environ['PYTHONPATH']}"
    result = subprocess.run(
        [sys.executable, script],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": path},
    )
    found = set(result.stdout.split())
    assert {"numpy", "benchsuite.data", "PIL"} <= found
    assert found.isdisjoint({"torch", "tensorflow", "keras", "jax", "asks", "__mp_main__"})


@pytest.mark.parametrize("end", ["os._exit(0)", "os.kill(os.getpid(), 9)", "pass"])
def test_processes_end_with_whoever_started_them(end):
    script = f"""
import os
import decoder_tasks
from benchsuite.data.images import decoder_pool as decoders
decoders.decoder_count = lambda: 2
print(*decoders.shared_decoders().map(decoder_tasks.process, range(4)), flush=True)
{end}
"""
    result = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    found = {int(pid) for pid in result.stdout.split()}
    deadline = time.monotonic() + 10
    while any(map(psutil.pid_exists, found)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert found
    assert not any(map(psutil.pid_exists, found))
    assert result.stderr == ""


def test_shared_decoders_are_those_of_this_process(monkeypatch):
    mine = shared_decoders()
    assert shared_decoders() is mine
    monkeypatch.setattr("os.getpid", lambda: -1)
    assert shared_decoders() is not mine


def test_worth_is_one_process_for_few_and_all_for_many(monkeypatch):
    monkeypatch.setattr(decoders, "decoder_count", lambda: 3)
    sizes = {(10, 10): True, (100_000, 10): False, (10, 1 << 24): False}
    for (count, size), alone in sizes.items():
        spans = np.full((count, 2), size)
        assert few(spans) == alone
        with closing(Decoders.worth(spans)) as pool:
            assert pool.count == (1 if alone else 3)
