import os
import signal
import subprocess
import sys

import psutil
import pytest

from benchsuite.processes import kernel

pytestmark = pytest.mark.skipif(not kernel.IS_LINUX, reason="Linux alone has these")

_ORPHAN = """
import os, time
if os.fork() == 0:
    print(os.getpid(), flush=True)
    time.sleep(1000)
"""


@pytest.mark.parametrize("adopt", [True, False])
def test_orphans_become_children_where_they_are_adopted(adopt):
    before = kernel.adopt_orphans(adopt=adopt)
    try:
        with subprocess.Popen([sys.executable, "-c", _ORPHAN], stdout=subprocess.PIPE) as parent:
            orphan = psutil.Process(int(parent.stdout.readline()))
            parent.wait()
        assert (orphan.ppid() == os.getpid()) == adopt
    finally:
        orphan.kill()
        assert kernel.adopt_orphans(adopt=before) == adopt
    if adopt:
        os.waitpid(orphan.pid, 0)


def test_process_whose_parent_is_another_ends_at_once():
    pid = os.fork()
    if pid == 0:
        kernel.die_with(os.getppid() + 1)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 1


def test_process_dies_with_its_parent():
    """The parent is killed; the child could not say anything, and does not have to."""
    reading, writing = os.pipe()
    parent = os.fork()
    if parent == 0:
        me = os.getpid()
        if os.fork() == 0:
            kernel.die_with(me)
            os.write(writing, b"ready")
        signal.pause()
        os._exit(0)
    os.close(writing)
    assert os.read(reading, 5) == b"ready"
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    assert os.read(reading, 1) == b""  # nobody is left to hold the other end
    os.close(reading)


def test_memory_beyond_the_limit_cannot_be_had():
    code = (
        "from benchsuite.processes.kernel import limit_memory, limited_bytes; import os\n"
        "limit_memory(2**30); held = limited_bytes(os.getpid())\n"
        "assert 0 < held < 2**30\n"
        "try: bytearray(2**30)\n"
        "except MemoryError: print('full')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "full\n"


def test_what_nobody_can_tell_is_zero(monkeypatch, tmp_path):
    assert kernel.limited_bytes(2**30) == 0
    monkeypatch.setattr(kernel, "_VMSTAT", tmp_path / "absent")
    assert kernel.oom_kills() == 0
