import os
import subprocess
import sys
from contextlib import suppress

import psutil
import pytest

from benchsuite.processes.kernel import IS_LINUX, adopt_orphans
from benchsuite.processes.process_tree import MARK, ProcessTree, _is_gone, new_mark

pytestmark = pytest.mark.skipif(not IS_LINUX, reason="elsewhere process groups alone are ended")

#: A worker with a process of its own session, and a job with two more, one of which is nobody's
#: child; each says its name and its id, and goes on.
WORKER = """
import os, time

def say(name):
    os.write(1, f"{name} {os.getpid()}\\n".encode())
    time.sleep(1000)

if os.fork() == 0:
    say("own")
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.setsid()
        say("child")
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            say("orphan")
        os._exit(0)
    say("job")
say("worker")
"""


@pytest.fixture
def family():
    """The tree of a worker, its processes by name, and the Popen that is the worker."""
    before, mark = adopt_orphans(), new_mark()
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER],
        env={**os.environ, MARK: mark},
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    lines = [process.stdout.readline().split() for _ in range(5)]
    found = {name.decode(): psutil.Process(int(pid)) for name, pid in lines}
    tree = ProcessTree(process.pid, mark)
    tree.add_job(found["job"].pid)
    yield tree, found, process
    tree.end()
    process.wait()
    process.stdout.close()
    while children := psutil.Process().children():  # tests of leaks count those that have ended
        for child in children:
            with suppress(ChildProcessError):
                os.waitpid(child.pid, 0)
    adopt_orphans(adopt=before)


def alive(found):
    return {
        name
        for name, process in found.items()
        if process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    }


def test_no_two_marks_are_alike():
    assert new_mark() != new_mark()


def test_everything_ends_with_its_worker(family):
    tree, found, process = family
    assert alive(found) == {"worker", "own", "job", "child", "orphan"}

    tree.end()

    assert process.wait() == -9
    assert alive(found) == set()


def test_job_ends_and_its_worker_goes_on(family):
    tree, found, _ = family

    tree.end_job()

    assert alive(found) == {"worker", "own"}


def test_orphans_of_a_worker_that_died_by_itself_are_found(family):
    tree, found, process = family
    process.kill()
    process.wait()
    assert "orphan" in alive(found)

    tree.end()

    assert alive(found) == set()


def test_processes_of_others_are_left_alone(family):
    tree, _, _ = family
    command = [sys.executable, "-c", "import time; time.sleep(1000)"]
    for variables in (os.environ, {**os.environ, MARK: new_mark()}):
        with subprocess.Popen(command, env=variables, start_new_session=True) as other:
            tree.end_job()
            tree.end()
            assert other.poll() is None
            other.kill()


#: A process whose first thread has ended, and another goes on: psutil calls it a zombie.
HALF_ENDED = """
import ctypes, threading, time
threading.Thread(target=time.sleep, args=(1000,)).start()
print("begun", flush=True)
ctypes.CDLL(None).pthread_exit(None)
"""


@pytest.fixture
def half_ended():
    command = [sys.executable, "-c", HALF_ENDED]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        found = psutil.Process(process.pid)
        while found.status() != psutil.STATUS_ZOMBIE:
            pass
        yield found
        process.kill()


def test_process_with_a_thread_at_work_has_not_ended(half_ended):
    assert not _is_gone(half_ended)
    half_ended.kill()
    while not _is_gone(half_ended):
        pass


def test_what_ends_slowly_is_waited_for(half_ended, monkeypatch):
    tree = ProcessTree(half_ended.pid, new_mark())
    tree._seen.add(half_ended.pid)
    monkeypatch.setattr("time.sleep", lambda _: half_ended.kill())

    tree.reap()

    assert not psutil.pid_exists(half_ended.pid)


def test_elsewhere_the_group_of_the_job_ends(family, monkeypatch):
    tree, found, _ = family
    monkeypatch.setattr("benchsuite.processes.process_tree.IS_LINUX", False)

    tree.end_job()

    while "job" in alive(found):
        pass
    assert alive(found) == {"worker", "own", "child", "orphan"}
    monkeypatch.undo()
